import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.h2.mvstore.MVStore;

/** A server that speaks MongoDB's protocol: `LocalMongo <port> [<file>]`; without a file it forgets everything. */
public final class LocalMongo {
    /** Current MongoDB drivers refuse a server below wire version 9, which is what MongoDB 4.4 says. */
    private static final MongoVersion VERSION = new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(4, 4, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 9;
        }
    };

    public static void main(String[] args) {
        MongoBackend backend = args.length > 1 ? onDisk(args[1]) : new MemoryBackend();
        MongoServer server = new MongoServer(indexingAlone(backend.version(VERSION)));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        server.bind("127.0.0.1", Integer.parseInt(args[0]));
    }

    /** Stopping it loses nothing; killing it loses the last milliseconds. */
    private static MongoBackend onDisk(String file) {
        MVStore store = MVStore.open(file);
        store.setAutoCommitDelay(20);
        return new H2Backend(store);
    }

    private static final Set<String> INDEXING = Set.of("createIndexes", "dropIndexes", "drop", "dropDatabase");

    /** The library changes a collection's list of indexes while others go through it: let nobody else work then. */
    private static MongoBackend indexingAlone(MongoBackend backend) {
        ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
        ClassLoader loader = LocalMongo.class.getClassLoader();
        return (MongoBackend) Proxy.newProxyInstance(loader, new Class<?>[] {MongoBackend.class}, (proxy, method, args) -> {
            Lock held = isIndexing(args) ? lock.writeLock() : lock.readLock();
            held.lock();
            try {
                return method.invoke(backend, args);
            } catch (InvocationTargetException error) {
                throw error.getCause();
            } finally {
                held.unlock();
            }
        });
    }

    private static boolean isIndexing(Object[] args) {
        if (args == null || !(args[0] instanceof MongoMessage message)) return false;
        return INDEXING.contains(message.getDocument().keySet().iterator().next());
    }
}

import java.util.Arrays;

/** Runs a server's main class and ends with the process that started it: no killed test run leaves a server behind. */
public final class Owned {
    public static void main(String[] args) throws Exception {
        ProcessHandle owner = ProcessHandle.of(Long.parseLong(args[0])).orElseThrow();
        owner.onExit().thenRun(() -> System.exit(0));
        String[] rest = Arrays.copyOfRange(args, 2, args.length);
        Class.forName(args[1]).getMethod("main", String[].class).invoke(null, (Object) rest);
    }
}

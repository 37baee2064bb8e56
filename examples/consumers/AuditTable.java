// Keeps a table of the record in a database over JDBC, idempotently. Needs kafka-clients, jackson-databind and a driver:
//   KAFKA_BROKERS=127.0.0.1:9092 AUDIT_JDBC=jdbc:h2:./audit java -cp 'lib/*' AuditTable.java
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.*;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.common.TopicPartition;

public class AuditTable {
  static final ObjectMapper json = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    var env = System.getenv();
    boolean untilEnd = env.containsKey("UNTIL_END");
    try (var table = DriverManager.getConnection(env.getOrDefault("AUDIT_JDBC", "jdbc:h2:./audit"));
        var consumer = new KafkaConsumer<String, String>(Map.of(
            "bootstrap.servers", env.getOrDefault("KAFKA_BROKERS", "127.0.0.1:9092"),
            "group.id", env.getOrDefault("AUDIT_GROUP", "audit-table"),
            "auto.offset.reset", "earliest",
            "enable.auto.commit", "false",
            "key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer",
            "value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer"))) {
      table.setAutoCommit(false);
      table.createStatement().execute("CREATE TABLE IF NOT EXISTS audit (place BIGINT PRIMARY KEY, run VARCHAR,"
          + " sequence BIGINT, type VARCHAR, actor VARCHAR, time VARCHAR, hash VARCHAR, entry CLOB)");
      consumer.subscribe(List.of("audit.recorded"));
      while (!(untilEnd && isCaughtUp(consumer))) {
        var records = consumer.poll(Duration.ofMillis(500));
        for (var record : records) keep(table, json.readTree(record.value()));
        // Offsets are committed after the rows: what a crash repeats is known.
        table.commit();
        if (!records.isEmpty()) consumer.commitSync();
      }
      int entries = 0;
      var digest = MessageDigest.getInstance("SHA-256");
      var rows = table.createStatement().executeQuery("SELECT place, sequence, hash FROM audit ORDER BY place");
      for (; rows.next(); entries++)
        digest.update((rows.getLong(1) + " " + rows.getLong(2) + " " + rows.getString(3) + "\n").getBytes());
      System.out.printf("{\"entries\": %d, \"digest\": \"%s\"}%n", entries, HexFormat.of().formatHex(digest.digest()));
    }
  }

  /** What comes again is known by its place in the record, and must be what it was. */
  static void keep(Connection table, JsonNode recorded) throws Exception {
    long place = recorded.get("index").asLong();
    String wanted = recorded.get("leaf_hash").asText();
    var find = table.prepareStatement("SELECT hash FROM audit WHERE place = ?");
    find.setLong(1, place);
    var known = find.executeQuery();
    if (known.next()) {
      if (!known.getString(1).equals(wanted)) throw new Exception("entry " + place + " is another one than it was");
      return;
    }
    // A large entry is not in its message: GET /audit/entries has it.
    String leaf = recorded.get("leaf").isNull() ? null : recorded.get("leaf").asText();
    var hash = MessageDigest.getInstance("SHA-256").digest(("\0" + leaf).getBytes(StandardCharsets.UTF_8));
    if (leaf != null && !Base64.getEncoder().encodeToString(hash).equals(wanted))
      throw new Exception("entry " + place + " does not have its hash");
    JsonNode entry = json.readTree(leaf == null ? "{}" : leaf);
    var insert = table.prepareStatement("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    insert.setLong(1, place);
    insert.setString(2, recorded.get("key").asText());
    insert.setLong(3, recorded.get("sequence").asLong());
    insert.setString(4, recorded.get("type").asText());
    insert.setString(5, entry.path("authid").asText(null));
    insert.setString(6, entry.path("time").asText(null));
    insert.setString(7, wanted);
    insert.setString(8, leaf);
    insert.executeUpdate();
  }

  static boolean isCaughtUp(KafkaConsumer<?, ?> consumer) {
    Set<TopicPartition> mine = consumer.assignment();
    if (mine.isEmpty()) return false;
    var ends = consumer.endOffsets(mine);
    return mine.stream().allMatch(each -> consumer.position(each) >= ends.get(each));
  }
}

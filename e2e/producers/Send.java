// Sends commands for runs that there are not, as Java's own client writes them: Send.java BROKERS. Prints the id of each.
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Send {
  static final String TOPIC = "run.cancel_requested";

  public static void main(String[] args) throws Exception {
    var sent = new ArrayList<String>();
    for (var codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
      Map<String, Object> settings = Map.of("bootstrap.servers", args[0], "compression.type", codec, "linger.ms", 20);
      try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
        for (var shape : List.of("binary", "null", "twice", "bytes", "tombstone!")) {
          var id = "java/" + codec + "/" + shape;
          var text = "{\"run_id\":\"none/" + id + "\",\"reason\":\"" + "Übertragung 💳\"}" + " ".repeat(60_000);
          var value = shape.equals("tombstone!") ? null : text.getBytes(UTF_8);
          var record = new ProducerRecord<>(TOPIC, shape.getBytes(UTF_8), value);
          for (var of : Map.of("specversion", "1.0", "id", id, "type", TOPIC, "source", "/java").entrySet())
            record.headers().add("ce_" + of.getKey(), of.getValue().getBytes(UTF_8));
          switch (shape) {
            case "null" -> record.headers().add("traceparent", null).add("x-tenant", null);
            case "twice" -> record.headers().add("x", new byte[] {1}).add("x", new byte[] {2});
            case "bytes" -> record.headers().add("x-raw", new byte[] {-1, -2, 0}).add("", new byte[0]);
            default -> {}
          }
          producer.send(record);
          sent.add("\"" + id + "\"");
        }
      }
    }
    System.out.println(sent);
  }
}

// Keeps a table of the record in a bbolt file, idempotently. Needs franz-go and bbolt (go.mod):
//
//	KAFKA_BROKERS=127.0.0.1:9092 go run .
package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.etcd.io/bbolt"
)

const topic = "audit.recorded"

type recorded struct {
	Index    uint64  `json:"index"`
	Key      string  `json:"key"`
	Sequence uint64  `json:"sequence"`
	Type     string  `json:"type"`
	LeafHash string  `json:"leaf_hash"`
	Leaf     *string `json:"leaf"` // null of a large entry: GET /audit/entries has it
}

func env(name, otherwise string) string {
	if value, ok := os.LookupEnv(name); ok {
		return value
	}
	return otherwise
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// What comes again is known by its place in the record, and must be what it was.
func keep(table *bbolt.Bucket, value []byte) error {
	var row, known recorded
	if err := json.Unmarshal(value, &row); err != nil {
		return err
	}
	place := binary.BigEndian.AppendUint64(nil, row.Index)
	if stored := table.Get(place); stored != nil {
		if err := json.Unmarshal(stored, &known); err != nil || known.LeafHash != row.LeafHash {
			return fmt.Errorf("entry %d is another one than it was", row.Index)
		}
		return nil
	}
	if row.Leaf != nil {
		hash := sha256.Sum256([]byte("\x00" + *row.Leaf))
		if base64.StdEncoding.EncodeToString(hash[:]) != row.LeafHash {
			return fmt.Errorf("entry %d does not have its hash", row.Index)
		}
	}
	return table.Put(place, value)
}

func main() {
	ctx, name := context.Background(), []byte("audit")
	file, err := bbolt.Open(env("AUDIT_TABLE", "audit.bolt"), 0o600, nil)
	check(err)
	defer file.Close()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(env("KAFKA_BROKERS", "127.0.0.1:9092"), ",")...),
		kgo.ConsumerGroup(env("AUDIT_GROUP", "audit-table")), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit(),
	)
	check(err)
	defer client.Close()
	_, untilEnd := os.LookupEnv("UNTIL_END")
	starts, err := kadm.NewClient(client).ListStartOffsets(ctx, topic)
	check(err)
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	check(err)
	left := map[int32]int64{}
	ends.Each(func(end kadm.ListedOffset) {
		if start, _ := starts.Lookup(topic, end.Partition); start.Offset < end.Offset {
			left[end.Partition] = end.Offset
		}
	})
	for !untilEnd || len(left) > 0 {
		fetches := client.PollFetches(ctx)
		check(fetches.Err())
		check(file.Update(func(tx *bbolt.Tx) error {
			table, err := tx.CreateBucketIfNotExists(name)
			for records := fetches.RecordIter(); err == nil && !records.Done(); {
				record := records.Next()
				if err = keep(table, record.Value); record.Offset+1 >= left[record.Partition] {
					delete(left, record.Partition)
				}
			}
			return err
		}))
		// Offsets are committed after the rows: what a crash repeats is known.
		check(client.CommitUncommittedOffsets(ctx))
	}
	entries, digest := 0, sha256.New()
	check(file.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(name).ForEach(func(_, value []byte) error {
			var row recorded
			entries++
			err := json.Unmarshal(value, &row)
			fmt.Fprintf(digest, "%d %d %s\n", row.Index, row.Sequence, row.LeafHash)
			return err
		})
	}))
	fmt.Printf("{\"entries\": %d, \"digest\": \"%x\"}\n", entries, digest.Sum(nil))
}

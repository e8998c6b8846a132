//go:build linux

package farm

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A job that its consumer passes over is published again, once nothing has happened for a while.
// Debian's server, killed with SIGKILL, came back with consumers that had nothing left to deliver,
// and a build waited for ever. Here the consumer looks for jobs of another name.
func TestPassedOver(t *testing.T) {
	nc, err := nats.Connect(serverOf(t).ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	q, err := makeQueue(ctx, js, "abc", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.stream.DeleteConsumer(ctx, kindJob); err != nil {
		t.Fatal(err)
	}
	_, err = q.stream.CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: kindJob,
		FilterSubject: "xelpack.abc.job.99", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.put(ctx, kindJob, 3, Job{N: 3}); err != nil {
		t.Fatal(err)
	}
	at := func() (uint64, string) {
		m, err := q.stream.GetLastMsgForSubject(ctx, subject("abc", kindJob, 3))
		if err != nil {
			t.Fatal(err)
		}
		return m.Sequence, string(m.Data)
	}
	first, body := at()
	h, now := newHealer(), time.Now()
	for _, step := range []struct {
		after time.Duration
		again bool
	}{{0, false}, {idleFor, false}, {idleFor + time.Second, true}} {
		if err := h.heal(ctx, q, now.Add(step.after)); err != nil {
			t.Fatal(err)
		}
		got, text := at()
		if (got != first) != step.again || text != body {
			t.Errorf("after %v: message %d, %s; the first was %d, %s", step.after, got, text, first, body)
		}
	}
}

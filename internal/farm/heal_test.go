//go:build linux

package farm

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/xelpack/xelpack/internal/testing/patience"
)

// A job that its consumer passes over is published again, once nothing has happened for a while.
// Debian's server, killed with SIGKILL, came back with consumers that had nothing left to deliver,
// and a build waited for ever. Here the consumer looks for jobs of another name.
func TestPassedOver(t *testing.T) {
	ctx, q := t.Context(), queueOf(t)
	anew(t, q, "xelpack.abc.job.99")
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

// A server that was killed came back with consumers that had delivered less than they had, and
// never confirmed what was acknowledged: all workers waited for ever. Here the consumer is made
// anew.
func TestForgottenDelivery(t *testing.T) {
	t.Parallel() // it waits
	ctx, q := t.Context(), queueOf(t)
	msg := begun(t, q)
	anew(t, q, "xelpack.abc.job.*")
	if err := q.done(ctx, msg); err != nil {
		t.Fatal(err)
	}
	if _, err := q.stream.GetLastMsgForSubject(ctx, subject("abc", kindJob, 3)); !errors.Is(err, jetstream.ErrMsgNotFound) {
		t.Errorf("the job is there: %v", err)
	}
}

// A server that was killed gave away all jobs of which it had not been told that they are at work:
// it counts from when they were published.
func TestBegunJobsAreToldAtOnce(t *testing.T) {
	ctx, q := t.Context(), queueOf(t)
	told, err := q.js.Conn().SubscribeSync("$JS.ACK.>")
	if err != nil {
		t.Fatal(err)
	}
	msg := begun(t, q)
	s := &session{ackWait: 24 * time.Hour}
	go s.keep(ctx, msg)
	m, err := told.NextMsg(patience.For(t))
	if err != nil || m.Subject != msg.Reply() || string(m.Data) != "+WPI" {
		t.Errorf("told %v, %v", m, err)
	}
}

// A worker that was cut off while it announced a share did so again, took its own for another's and
// removed it: the job was built again.
func TestConfirmationLost(t *testing.T) {
	ctx, q := t.Context(), queueOf(t)
	for _, step := range []struct {
		id    string
		there bool
	}{{"3-a", false}, {"3-a", false}, {"3-b", true}} {
		err := q.putText(ctx, kindShare, 3, []byte(step.id), jetstream.WithMsgID(step.id))
		if there(err) != step.there || err != nil && !step.there {
			t.Errorf("%s: %v", step.id, err)
		}
	}
}

// begun publishes a job and takes it.
func begun(t *testing.T, q queue) jetstream.Msg {
	t.Helper()
	ctx := t.Context()
	if err := q.put(ctx, kindJob, 3, Job{N: 3}); err != nil {
		t.Fatal(err)
	}
	c, err := q.stream.Consumer(ctx, kindJob)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := take(ctx, c, patience.For(t))
	if err != nil || msg == nil {
		t.Fatal(msg, err)
	}
	return msg
}

func queueOf(t *testing.T) queue {
	t.Helper()
	nc, err := nats.Connect(serverOf(t).ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	q, err := makeQueue(t.Context(), js, "abc", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// anew makes the consumer of jobs anew, for what has such a subject.
func anew(t *testing.T, q queue, subject string) {
	t.Helper()
	if err := q.stream.DeleteConsumer(t.Context(), kindJob); err != nil {
		t.Fatal(err)
	}
	_, err := q.stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: kindJob,
		FilterSubject: subject, AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
}

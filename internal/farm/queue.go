package farm

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	builds    = "XELPACK"      // bucket of contracts, by build.ID
	live      = "XELPACK_LIVE" // bucket of who is at work: coordinator.ID, worker.NAME
	queueMost = 256 << 20      // bytes of jobs
	// storeSoft is what shares in the store may take before workers wait with theirs; storeMost is
	// what the store takes at most, whoever asks. With the queue it is less than 2 GB.
	storeSoft = 1 << 30
	storeMost = 1536 << 20
)

// The kinds of messages of a build.
const (
	kindJob   = "job"
	kindAudit = "audit"
	kindShare = "share"
	kindDead  = "dead"
)

func subject(id, kind string, n int) string {
	return "xelpack." + id + "." + kind + "." + strconv.Itoa(n)
}

func leaseSubject(id string) string { return "xelpack." + id + ".lease" }

// queue is the stream of a build.
type queue struct {
	id     string
	js     jetstream.JetStream
	stream jetstream.Stream
}

// makeQueue makes the stream and its consumers, or finds them. ackWait is how long a worker may be
// silent before its job is given to another.
func makeQueue(ctx context.Context, js jetstream.JetStream, id string, ackWait time.Duration) (q queue, err error) {
	q = queue{id: id, js: js}
	q.stream, err = js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: streamName(id), Subjects: subjects(id), Retention: jetstream.WorkQueuePolicy,
		Storage: jetstream.FileStorage, Discard: jetstream.DiscardNew, MaxMsgsPerSubject: 1,
		DiscardNewPerSubject: true, MaxBytes: queueMost,
	})
	if err != nil {
		return q, err
	}
	for _, kind := range [...]string{kindJob, kindAudit, kindShare} {
		_, err = q.stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
			Durable: kind, FilterSubject: "xelpack." + id + "." + kind + ".*", AckPolicy: jetstream.AckExplicitPolicy,
			AckWait: ackWait, MaxAckPending: 10000, MaxDeliver: -1, // the workers count
		})
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

func streamName(id string) string { return "XELPACK_" + id }

func subjects(id string) (list []string) {
	for _, kind := range [...]string{kindJob, kindAudit, kindShare, kindDead} {
		list = append(list, "xelpack."+id+"."+kind+".*")
	}
	return list
}

// present returns the numbers of the jobs that have a message of each kind.
func (q queue) present(ctx context.Context, kinds ...string) (map[string]map[int]bool, error) {
	found := map[string]map[int]bool{}
	for _, kind := range kinds {
		found[kind] = map[int]bool{}
		info, err := q.stream.Info(ctx, jetstream.WithSubjectFilter("xelpack."+q.id+"."+kind+".*"))
		if err != nil {
			return nil, err
		}
		for s := range info.State.Subjects {
			if n, err := strconv.Atoi(s[strings.LastIndexByte(s, '.')+1:]); err == nil {
				found[kind][n] = true
			}
		}
	}
	return found, nil
}

// put publishes v, unless there is a message of that kind and number; it says so then.
func (q queue) put(ctx context.Context, kind string, n int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return q.putText(ctx, kind, n, body)
}

func (q queue) putText(ctx context.Context, kind string, n int, body []byte, o ...jetstream.PublishOpt) error {
	_, err := q.js.Publish(ctx, subject(q.id, kind, n), body, o...)
	return err
}

// putAll publishes jobs, many at once. Those that are there stay.
func (q queue) putAll(ctx context.Context, kind string, jobs []Job) error {
	const atOnce = 256
	for len(jobs) > 0 {
		n := min(len(jobs), atOnce)
		var futures []jetstream.PubAckFuture
		for _, j := range jobs[:n] {
			body, err := json.Marshal(j)
			if err != nil {
				return err
			}
			f, err := q.js.PublishAsync(subject(q.id, kind, j.N), body)
			if err != nil {
				return err
			}
			futures = append(futures, f)
		}
		for _, f := range futures {
			select {
			case <-f.Ok():
			case err := <-f.Err():
				if !there(err) {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		jobs = jobs[n:]
	}
	return nil
}

// take waits a moment for a message and returns it; nil if there was none.
func take(ctx context.Context, c jetstream.Consumer, wait time.Duration) (jetstream.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	msg, err := c.Next(jetstream.FetchContext(ctx))
	if errors.Is(err, nats.ErrTimeout) || errors.Is(err, jetstream.ErrNoMessages) || ctx.Err() != nil {
		err = nil
	}
	return msg, err
}

// ackTimeout is how long the server may take to confirm an acknowledgement.
const ackTimeout = 4 * time.Second

// done acknowledges for good. A server that was killed may come back without the memory of having
// delivered the message. It confirms no acknowledgement then, and the message is removed instead.
func (q queue) done(ctx context.Context, m jetstream.Msg) error {
	acking, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	err := m.DoubleAck(acking)
	if ctx.Err() != nil ||
		!errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, nats.ErrNoResponders) {
		return err
	}
	meta, err := m.Metadata()
	if err != nil {
		return err
	}
	left, err := q.stream.GetMsg(ctx, meta.Sequence.Stream)
	if err == nil && left.Subject == m.Subject() {
		err = q.stream.DeleteMsg(ctx, meta.Sequence.Stream)
	}
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	return err
}

// objects is where shares travel.
type objects interface {
	// put stores a file under a name, and waits while there is no room.
	put(ctx context.Context, name, file string, wait func(error)) error
	// get returns the file of a share, and what frees it.
	get(ctx context.Context, name, dir string) (file string, free func(), err error)
	remove(ctx context.Context, name string) error
	// size returns the bytes of all shares
	size(ctx context.Context) (int64, error)
	// sweep removes what belongs to none of the shares in the queue, if it did so before, too.
	sweep(ctx context.Context, wanted map[int]bool) error
}

// errGone is a share that is announced and is not there.
var errGone = errors.New("the share is not there")

// store is the object store of a build.
type store struct {
	bucket string
	os     jetstream.ObjectStore
	stream jetstream.Stream
	seen   map[string]uint64 // what may be rubbish: subjects with the number of their messages
}

func openStore(ctx context.Context, js jetstream.JetStream, id string, create bool) (s *store, err error) {
	s = &store{bucket: streamName(id)}
	if create {
		s.os, err = js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: s.bucket,
			MaxBytes: storeMost, Storage: jetstream.FileStorage})
	} else {
		s.os, err = js.ObjectStore(ctx, s.bucket)
	}
	if err != nil {
		return nil, err
	}
	s.stream, err = js.Stream(ctx, "OBJ_"+s.bucket)
	return s, err
}

func (s *store) size(ctx context.Context) (int64, error) {
	info, err := s.stream.Info(ctx)
	if err != nil {
		return 0, err
	}
	return int64(info.State.Bytes), nil
}

func (s *store) remove(ctx context.Context, name string) error {
	info, err := s.os.GetInfo(ctx, name)
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	// Not Delete, which leaves a marker.
	return errors.Join(s.stream.Purge(ctx, jetstream.WithPurgeSubject(s.chunks(info.NUID))),
		s.stream.Purge(ctx, jetstream.WithPurgeSubject(s.meta(name))))
}

func (s *store) chunks(nuid string) string { return fmt.Sprintf("$O.%s.C.%s", s.bucket, nuid) }

func (s *store) meta(name string) string {
	return fmt.Sprintf("$O.%s.M.%s", s.bucket, base64.URLEncoding.EncodeToString([]byte(name)))
}

// sweep finds what killed workers have left: parts of objects that do not grow any more, and
// objects that no share announces.
func (s *store) sweep(ctx context.Context, wanted map[int]bool) error {
	info, err := s.stream.Info(ctx, jetstream.WithSubjectFilter("$O."+s.bucket+".>"))
	if err != nil {
		return err
	}
	list, err := s.os.List(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return err
	}
	for _, o := range list {
		if wanted[numberOf(o.Name)] {
			delete(info.State.Subjects, s.chunks(o.NUID))
			delete(info.State.Subjects, s.meta(o.Name))
		}
	}
	for subject, n := range info.State.Subjects {
		if s.seen[subject] == n {
			if err := s.stream.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
				return err
			}
		}
	}
	s.seen = info.State.Subjects
	return nil
}

// nameOf is the name of the object with a share; numberOf is its job's number.
func nameOf(n int, nonce string) string { return strconv.Itoa(n) + "-" + nonce }

func numberOf(name string) int {
	number, _, _ := strings.Cut(name, "-")
	n, err := strconv.Atoi(number)
	if err != nil {
		return -1
	}
	return n
}

package farm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// errOther is a coordinator of the same build.
var errOther = errors.New("another coordinator is at work on this build")

// open makes what the build needs on the server, and takes the build for this coordinator until
// release is called.
func (f *Farm) open(ctx context.Context, js jetstream.JetStream) (release func(), err error) {
	if _, err := js.AccountInfo(ctx); err != nil {
		return nil, f.server.explain(err)
	}
	if f.kv, err = js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: builds, MaxBytes: 64 << 20}); err != nil {
		return nil, err
	}
	if f.hb, err = js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: live, TTL: cmp.Or(f.liveFor, usualLiveFor), MaxBytes: 64 << 20}); err != nil {
		return nil, err
	}
	if f.Audit > 0 {
		if f.taken, err = js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: streamName(f.Build), MaxBytes: 64 << 20}); err != nil {
			return nil, err
		}
	}
	rev, err := f.claim(ctx)
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	held, cancel := context.WithCancelCause(ctx)
	go func() {
		defer close(done)
		f.hold(held, rev, cancel)
	}()
	release = func() {
		cancel(nil)
		<-done
		end, stop := context.WithTimeout(context.WithoutCancel(ctx), lookEvery)
		defer stop()
		_ = f.hb.Purge(end, f.key()) // it vanishes by itself, too
	}
	f.held = held
	if f.q, err = makeQueue(ctx, js, f.Build, f.ackWait); err == nil {
		if f.Contract.Shares != "" {
			f.store, err = openFolder(f.Contract.Shares, f.Build)
		} else {
			f.store, err = openStore(ctx, js, f.Build, true)
		}
	}
	var body []byte
	if err == nil {
		body, err = json.Marshal(f.Contract)
	}
	if err == nil {
		_, err = f.kv.Put(ctx, "build."+f.Build, body)
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

func (f *Farm) key() string { return "coordinator." + f.Build }

// claim takes the build, and waits for one that ended without saying so.
func (f *Farm) claim(ctx context.Context) (rev uint64, err error) {
	var last uint64
	told := false
	body, err := json.Marshal(f.State())
	if err != nil {
		return 0, err
	}
	if f.server.InProcess != nil { // nobody else has this server, nor the lock of the archive
		if err := f.hb.Purge(ctx, f.key()); err != nil {
			return 0, err
		}
	}
	for {
		if rev, err = f.hb.Create(ctx, f.key(), body); err == nil {
			return rev, nil
		}
		if !errors.Is(err, jetstream.ErrKeyExists) {
			return 0, err
		}
		e, err := f.hb.Get(ctx, f.key())
		switch {
		case errors.Is(err, jetstream.ErrKeyNotFound):
			continue
		case err != nil:
			return 0, err
		case last != 0 && e.Revision() != last:
			var s State
			_ = json.Unmarshal(e.Value(), &s) // its host is a help, and no more
			return 0, fmt.Errorf("%w, on %s: wait for it, or end it", errOther, s.Host)
		}
		if last = e.Revision(); !told {
			f.note("waiting to see whether another coordinator of this build is at work")
			told = true
		}
		if sleep(ctx, time.Second); ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
}

// hold keeps the build, and shows how things stand. It ends lost if another has the build.
func (f *Farm) hold(ctx context.Context, rev uint64, lost context.CancelCauseFunc) {
	for ctx.Err() == nil {
		body, err := json.Marshal(f.State())
		if err == nil {
			one, cancel := context.WithTimeout(ctx, lookEvery)
			var now uint64
			now, err = f.hb.Update(one, f.key(), body, rev)
			var api *jetstream.APIError
			if errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
				errors.Is(err, jetstream.ErrKeyExists) {
				// it may have vanished while we were cut off, or the server did not get to answer
				now, err = f.retake(one, body)
			}
			cancel()
			if err == nil {
				rev = now
			}
		}
		if errors.Is(err, errOther) {
			lost(err)
			return
		}
		sleep(ctx, time.Second)
	}
}

// retake takes the build again if nobody else has.
func (f *Farm) retake(ctx context.Context, body []byte) (uint64, error) {
	rev, err := f.hb.Create(ctx, f.key(), body)
	if !errors.Is(err, jetstream.ErrKeyExists) {
		return rev, err
	}
	e, err := f.hb.Get(ctx, f.key())
	if err != nil {
		return 0, err
	}
	var s State
	if json.Unmarshal(e.Value(), &s) == nil && s.Coordinator == f.self {
		return e.Revision(), nil
	}
	return 0, errOther
}

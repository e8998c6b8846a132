package fetch

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestFirstRequestGoesAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f perHost[*firstRequest]
		start := time.Now()
		lead, err := f.of("a", newFirstRequest).enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		entered := make(chan time.Duration, 2)
		go func() {
			if _, err := f.of("a", newFirstRequest).enter(t.Context()); err != nil {
				t.Error(err)
			}
			entered <- time.Since(start)
		}()
		if _, err := f.of("b", newFirstRequest).enter(t.Context()); err != nil || time.Since(start) != 0 {
			t.Errorf("another host had to wait %v, %v", time.Since(start), err)
		}
		time.Sleep(leadTime / 4)
		lead()
		if took := <-entered; took != leadTime/4 {
			t.Errorf("the second went after %v, want as soon as the first was answered", took)
		}
		if _, err := f.of("a", newFirstRequest).enter(t.Context()); err != nil || time.Since(start) != leadTime/4 {
			t.Error("the third had to wait")
		}
	})
}

func TestFirstRequestThatIsNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f perHost[*firstRequest]
		if _, err := f.of("a", newFirstRequest).enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := f.of("a", newFirstRequest).enter(t.Context()); err != nil || time.Since(start) != leadTime {
			t.Errorf("the second went after %v, %v, want %v", time.Since(start), err, leadTime)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(leadTime/2, cancel)
		if _, err := f.of("a", newFirstRequest).enter(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want context.Canceled", err)
		}
	})
}

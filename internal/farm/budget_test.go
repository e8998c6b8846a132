//go:build linux

package farm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

const host = "tiles.example.org"

// clocked is a budget with a clock of its own.
type clocked struct {
	*budget
	at time.Time
}

func newClocked(c ceiling) *clocked {
	k := &clocked{budget: newBudget(map[string]ceiling{host: c}), at: time.Unix(1_800_000_000, 0)}
	k.now = func() time.Time { return k.at }
	return k
}

func (k *clocked) ask(worker string, q hostAsk) grant {
	return k.grant(context.Background(), worker, host, q)
}

// However many workers ask, and however greedily, they get what the ceiling allows, and nearly all
// of it.
func TestBudgetIsNoMoreThanTheCeiling(t *testing.T) {
	for _, workers := range []int{1, 3, 20} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			k := newClocked(ceiling{Rate: 1000})
			rng := rand.New(rand.NewPCG(1, uint64(workers)))
			const seconds = 20
			given, first := 0, k.at
			for k.at.Before(first.Add(seconds * time.Second)) {
				g := k.ask(fmt.Sprint(rng.IntN(workers)), hostAsk{Want: rng.IntN(400)})
				given += g.N
				if last := g.After + time.Duration(float64(g.N)/1000*float64(time.Second)); last > 2*ahead {
					t.Fatalf("%d for %v from now on", g.N, g.After)
				}
				if most := 1000*(k.at.Sub(first)+ahead).Seconds() + 51; float64(given) > most {
					t.Fatalf("%d given after %v", given, k.at.Sub(first))
				}
				k.at = k.at.Add(time.Duration(rng.IntN(20)) * time.Millisecond)
			}
			if given < 950*seconds {
				t.Errorf("%d given in %d s", given, seconds)
			}
		})
	}
}

func TestBudgetOfLessThanOneASecond(t *testing.T) {
	k := newClocked(ceiling{Rate: 0.5})
	given := 0
	for range 1000 { // 20 s
		given += k.ask("a", hostAsk{Want: 3}).N
		k.at = k.at.Add(20 * time.Millisecond)
	}
	if given < 9 || given > 11 {
		t.Errorf("%d requests in 20 s at one in 2 s", given)
	}
}

// Without a ceiling nobody has to ask, until one worker is told that it is too much: then all have
// to.
func TestBudgetLearnsFromOneWorkersRefusals(t *testing.T) {
	k := newClocked(ceiling{})
	for range 8 {
		k.at = k.at.Add(reportEvery)
		for _, w := range []string{"a", "b"} {
			if g := k.ask(w, hostAsk{OK: 25}); !g.Free {
				t.Fatalf("not free: %+v", g)
			}
		}
	}
	k.at = k.at.Add(reportEvery)
	k.ask("a", hostAsk{OK: 20, TooMany: 5})
	g := k.ask("b", hostAsk{Want: 1000})
	if g.Free || g.N == 0 || g.N > 60 {
		t.Errorf("the other worker got %+v", g)
	}
	if s := k.state()[0]; s.Limit < 150 || s.Limit > 200 {
		t.Errorf("200 a second were answered, and the limit is %v", s.Limit)
	}
	k.at = k.at.Add(10 * time.Minute)
	if g := k.ask("b", hostAsk{}); !g.Free {
		t.Errorf("ten minutes later: %+v", g)
	}
}

// A host that is down is asked a little by all together; one worker that is cut off does not slow
// the others.
func TestBudgetDuringAnOutage(t *testing.T) {
	k := newClocked(ceiling{Rate: 100})
	k.ask("a", hostAsk{OK: 10})
	k.at = k.at.Add(2 * time.Second)
	k.ask("a", hostAsk{Down: true})
	given := 0
	for range 100 { // 10 s
		given += k.ask("b", hostAsk{Want: 50}).N
		k.ask("a", hostAsk{Down: true})
		k.at = k.at.Add(100 * time.Millisecond)
	}
	if given < 15 || given > 25 {
		t.Errorf("a host that is down was asked %d times in 10 s", given)
	}
	given = 0
	for range 100 {
		given += k.ask("b", hostAsk{Want: 50, OK: 5}).N
		k.ask("a", hostAsk{Down: true})
		k.at = k.at.Add(100 * time.Millisecond)
	}
	if given < 900 {
		t.Errorf("with one worker cut off, the other got %d in 10 s", given)
	}
}

func TestBudgetAtOnce(t *testing.T) {
	k := newClocked(ceiling{AtOnce: 5})
	all := 0
	for range 2 {
		all = 0
		for _, w := range []string{"a", "b", "c"} {
			all += k.ask(w, hostAsk{}).AtOnce
		}
	}
	if all != 5 {
		t.Errorf("three workers may have %d in flight together", all)
	}
	k = newClocked(ceiling{AtOnce: 1})
	k.ask("a", hostAsk{})
	if g := k.ask("b", hostAsk{}); g.AtOnce != -1 {
		t.Errorf("of one, a second worker got %+v", g)
	}
}

func TestBudgetOfADay(t *testing.T) {
	k := newClocked(ceiling{Daily: true})
	left := 3
	k.allow = func(context.Context, string) error {
		if left == 0 {
			return errors.New("used up")
		}
		left--
		return nil
	}
	if g := k.ask("a", hostAsk{Want: 2}); g.N != 2 || g.Free {
		t.Errorf("%+v", g)
	}
	if g := k.ask("b", hostAsk{Want: 2}); g.N != 1 {
		t.Errorf("%+v", g)
	}
	if g := k.ask("a", hostAsk{Want: 2}); g.N != 0 || g.Spent != "used up" {
		t.Errorf("%+v", g)
	}
}

// Without an answer nobody goes, whatever was granted before.
func TestLeaseEndsWithoutCoordinator(t *testing.T) {
	h := &hostLease{free: true, heard: time.Unix(1000, 0)}
	come := make(chan error, 2)
	h.waiting = []chan error{come}
	h.admit(time.Unix(1001, 0))
	if len(come) != 1 {
		t.Fatal("it does not go in the first second")
	}
	h.waiting = []chan error{come}
	h.admit(time.Unix(1004, 0))
	if len(come) != 1 || len(h.waiting) != 1 {
		t.Error("it goes after the coordinator is gone")
	}
}

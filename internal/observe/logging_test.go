package observe

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/observe/logs"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestLogging(t *testing.T) {
	it := tiles.Item{Texture: tiles.Texture{Row: 23952, Col: 33712, ZL: 16, Maptype: "BI"},
		Detail: 2}
	chunk := it.Chunk(0, 0)
	tests := map[string]struct {
		do   func(Logging)
		want string // "": nothing
	}{
		"request": {func(l Logging) {
			l.Attempted("a.example", fetch.OutcomeOK, time.Second)
		}, ""},
		"retry": {func(l Logging) {
			l.Attempted("a.example", fetch.OutcomeTimeout, time.Second)
		}, "level=INFO msg=\"request failed\" host=a.example outcome=timeout took=1s"},
		"throttling": {func(l Logging) {
			l.Attempted("a.example", fetch.OutcomeTooMany, time.Second)
		}, "level=INFO msg=\"throttled by the host\" host=a.example"},
		"cancelled": {func(l Logging) {
			l.Attempted("a.example", fetch.OutcomeCancelled, time.Second)
		}, ""},
		"chunk": {func(l Logging) { l.Fetched("a.example", chunk, fetch.OutcomeOK, 0) },
			""},
		"no imagery": {func(l Logging) {
			l.Fetched("a.example", chunk, fetch.OutcomeNoImagery, 0)
		}, ""},
		"lost chunk": {func(l Logging) {
			l.Fetched("a.example", chunk, fetch.OutcomeServer, 0)
		}, "level=WARN msg=\"chunk failed\" chunk=" + chunk.String() +
			" host=a.example outcome=server"},
		"packed": {func(l Logging) { l.Stored(it, pack.Tally{Chunks: 16}) },
			"level=DEBUG msg=\"texture packed\" texture=23952_33712_BI16"},
		"holes": {func(l Logging) { l.Stored(it, pack.Tally{Chunks: 16, Failed: 3}) },
			"level=WARN msg=\"texture has holes\" texture=23952_33712_BI16 failed=3 chunks=16"},
		"task": {func(l Logging) { l.Worked(pack.TaskChunk, time.Second) }, ""},
		"slow task": {func(l Logging) { l.Worked(pack.TaskChunk, 2*Stuck) },
			"level=WARN msg=\"slow task\" task=chunk took=20s"},
		"outage": {func(l Logging) {
			l.Outage(fetch.Outage{Host: "a.example", Down: true, Cause: errors.New("no line")})
		}, "level=WARN msg=\"host has stopped answering\" host=a.example error=\"no line\""},
		"end of outage": {func(l Logging) {
			l.Outage(fetch.Outage{Host: "a.example", Lasted: time.Minute})
		}, "level=WARN msg=\"host answers again\" host=a.example after=1m0s"},
		"built": {func(l Logging) { l.Built(it, pack.Tally{}, time.Second, nil) },
			"level=DEBUG msg=\"texture built\""},
		"building ended": {func(l Logging) {
			l.Built(it, pack.Tally{}, time.Second, errors.New("ended"))
		}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			tt.do(Logging{To: logs.New(&out, logs.Options{Level: -4})})
			if tt.want == "" && out.Len() > 0 || !strings.Contains(out.String(), tt.want) {
				t.Errorf("logged %q, want %q", out.String(), tt.want)
			}
		})
	}
}

package position

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/testing/patience"
)

func TestRREFVectors(t *testing.T) {
	request := rrefRequest(1, 1, refs[latitude])
	if want := "525245460001000000010000007369" + "6d2f666c696768746d6f64656c2f"; len(request) != 413 ||
		!strings.HasPrefix(hex.EncodeToString(request), want) {
		t.Errorf("request of %d bytes: %x", len(request), request[:40])
	}
	answer, err := hex.DecodeString("525245462c01000000c9764042020000002b878441")
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[int]float64)
	rrefValues(answer, func(i int, v float64) { got[i] = v })
	if len(got) != 2 || math.Abs(got[1]-48.116) > 1e-5 || math.Abs(got[2]-16.566) > 1e-5 {
		t.Errorf("%v", got)
	}
	for _, bad := range []string{"", "RREF", "RREF,1234567", "DATA*12345678"} {
		rrefValues([]byte(bad), func(int, float64) { t.Errorf("a value of %q", bad) })
	}
}

func TestChecker(t *testing.T) {
	now := time.Unix(1e9, 0)
	at := func(seconds, lon, lat float64) State {
		return State{At: orb.Point{lon, lat}, When: now.Add(time.Duration(seconds * 1e9))}
	}
	var c checker
	for i, step := range []struct {
		s       State
		ok, new bool
	}{
		{at(0, math.NaN(), 43), false, false},
		{at(0, 6, 91), false, false},
		{at(0, 0, 0), false, false}, // before a flight is loaded
		{at(0, 6, 46), true, true},
		{at(1, 6.01, 46), true, false},
		{at(2, -73, 40), false, false}, // a glitch
		{at(3, 6.02, 46), true, false},
		{at(4, -73, 40), false, false}, // a new flight
		{at(5, -73, 40), false, false},
		{at(6, -73, 40), true, true},
		{at(7, -73.01, 40), true, false},
	} {
		if s, ok := c.check(step.s); ok != step.ok || ok && s.New != step.new {
			t.Errorf("step %d: %v %+v, want %v, new %v", i, ok, s, step.ok, step.new)
		}
	}
}

// simulator is X-Plane's Web API as it is in the field.
type simulator struct {
	mu           sync.Mutex
	capabilities int // status
	forbidden    bool
	unknown      string // a dataref that it does not know
	date         string // in days since the beginning of the year
	run          int64  // ids differ from run to run
	close        bool   // the first connection is closed in mid-flight, and its ids end with it
	silent       bool   // the first connection says nothing more after the first values
	still        bool   // the first connection goes on, but without the place
	refuses      bool   // the subscription
	connections  int
	subscribed   [][]int64
	asked        func() // called with each request that is refused
}

func (s *simulator) id(i int) int64 { return 40003472032 + s.run*1000 + int64(i) }

func (s *simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := func(status int, kind, body string) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
	const js = "application/json"
	switch {
	case s.forbidden:
		if s.asked != nil {
			s.asked()
		}
		answer(403, js, `{"error_code":"incoming_traffic_disabled","error_message":"x"}`)
	case r.URL.Path == "/api/capabilities" && s.capabilities == 200:
		answer(200, js, `{"api":{"versions":["v1","v2","v3"]},"x-plane":{"version":"12.4.0"}}`)
	case r.URL.Path == "/api/v1/datarefs/count":
		answer(200, js, `{"data":7396}`)
	case r.URL.Path == "/api/v1/datarefs":
		name := r.URL.Query().Get("filter[name]")
		if name == "sim/time/local_date_days" && name != s.unknown {
			answer(200, js, fmt.Sprintf(`{"data":[{"id":%d,"name":%q,"value_type":"int"}]}`, s.id(-1), name))
			return
		}
		for i, ref := range refs {
			if ref == name && name != s.unknown {
				answer(200, js+"; charset=utf-8", fmt.Sprintf(`{"data":[{"id":%d,"is_writable":true,"name":%q,"value_type":"int"}]}`, s.id(i), name))
				return
			}
		}
		answer(404, js, `{"error_code":"invalid_dataref_name","error_message":"x"}`)
	case r.URL.Path == fmt.Sprintf("/api/v1/datarefs/%d/value", s.id(-1)) && s.date != "":
		answer(200, js, `{"data":`+s.date+`}`)
	case r.URL.Path == "/api/v1":
		s.mu.Unlock()
		s.socket(w, r)
		s.mu.Lock()
	default:
		answer(404, "text/html", "<html><body>404</body></html>")
	}
}

func (s *simulator) socket(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = c.CloseNow() }()
	var request struct {
		Req    int `json:"req_id"`
		Params struct{ Datarefs []struct{ ID int64 } }
	}
	if wsjson.Read(r.Context(), c, &request) != nil {
		return
	}
	s.mu.Lock()
	s.connections++
	first := s.connections == 1
	var ids []int64
	for _, d := range request.Params.Datarefs {
		ids = append(ids, d.ID)
	}
	s.subscribed = append(s.subscribed, ids)
	value := func(i int, v string) string { return fmt.Sprintf("%q:%s", fmt.Sprint(s.id(i)), v) }
	all := []string{value(speed, "100"), value(latitude, "48.116"), value(longitude, "16.566"), value(loading, "1"), value(track, "null"), `"77":[1,2]`}
	change := value(latitude, "48.117")
	closes, silent, still, refuses := s.close && first, s.silent && first, s.still && first, s.refuses
	if closes {
		s.run++
	}
	runs := func(i int) string { return value(running, fmt.Sprint(i)) }
	clock := make([]string, 0, 4000)
	for i := range cap(clock) {
		clock = append(clock, runs(i))
	}
	s.mu.Unlock()
	send := func(text string) { _ = c.Write(r.Context(), websocket.MessageText, []byte(text)) }
	if refuses {
		send(`{"req_id":1,"type":"result","success":false,"error_code":"invalid_dataref_id","error_message":"x"}`)
		return
	}
	send(`{"type":"dataref_update_values","data":{` + strings.Join(all, ",") + `}}`)
	send(`{"req_id":1,"type":"result","success":true}`) // late
	if closes {
		return
	}
	gone := c.CloseRead(r.Context()).Done()
	for i := 0; still && i < len(clock); i++ {
		send(`{"type":"dataref_update_values","data":{` + clock[i] + `}}`)
		select {
		case <-gone:
			return
		case <-time.After(time.Millisecond):
		}
	}
	if silent {
		<-gone
		return
	}
	send(`{"type":"dataref_update_values","data":{` + change + `}}`)
	<-gone
}

// states runs web once and returns the states up to the one at the latitude until; with none it
// waits for the end of the connection.
func states(t *testing.T, s *simulator, until float64) (got []State, err error) {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err = web(ctx, Options{WebAt: strings.TrimPrefix(server.URL, "http://"), Silence: time.Minute}, func(s State) {
		got = append(got, s)
		if s.At.Lat() == until {
			cancel()
		}
	})
	return got, err
}

// TestDay: the season is that of X-Plane's date, which counts from 0, where X-Plane tells it.
func TestDay(t *testing.T) {
	for name, test := range map[string]struct {
		*simulator
		want int
	}{
		"the 15th of January": {&simulator{capabilities: 200, date: "14"}, 15},
		"version 1":           {&simulator{capabilities: 404, date: "14.0"}, 15},
		"New Year's Eve":      {&simulator{capabilities: 200, date: "364"}, 365},
		"of a leap year":      {&simulator{capabilities: 200, date: "365"}, 365},
		"no day":              {&simulator{capabilities: 200, date: "-1"}, 0},
		"no number":           {&simulator{capabilities: 200, date: `"x"`}, 0},
		"null":                {&simulator{capabilities: 200, date: "null"}, 0},
		"no value":            {&simulator{capabilities: 200}, 0},
		"an unknown name":     {&simulator{capabilities: 200, unknown: "sim/time/local_date_days"}, 0},
		"refused":             {&simulator{forbidden: true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.simulator)
			at := strings.TrimPrefix(server.URL, "http://")
			if day, known := dayWithin(t.Context(), at, patience.For(t)); day != test.want || known != (test.want > 0) {
				t.Errorf("day %d, known: %v; want %d", day, known, test.want)
			}
			server.Close()
			if day, known := Day(t.Context(), at); known {
				t.Errorf("without a simulator: day %d", day)
			}
		})
	}
}

func TestWeb(t *testing.T) {
	for name, s := range map[string]*simulator{
		"all versions":        {capabilities: 200},
		"version 1":           {capabilities: 404},
		"one name is unknown": {capabilities: 200, unknown: refs[loading]},
		"other ids":           {capabilities: 200, run: 7},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := states(t, s, 48.117)
			if len(got) != 2 || got[0].At != (orb.Point{16.566, 48.116}) || got[1].At != (orb.Point{16.566, 48.117}) ||
				got[1].Loading != (s.unknown == "") {
				t.Errorf("%+v", got)
			}
			want := len(refs)
			if s.unknown != "" {
				want--
			}
			if len(s.subscribed) != 1 || len(s.subscribed[0]) != want {
				t.Errorf("subscribed to %v", s.subscribed)
			}
		})
	}
}

func TestWebRefused(t *testing.T) {
	for name, c := range map[string]struct {
		s    *simulator
		want string
	}{
		"traffic disabled": {&simulator{forbidden: true}, "Disable Incoming Traffic"},
		"no place":         {&simulator{capabilities: 200, unknown: refs[latitude]}, "does not know"},
		"closed":           {&simulator{capabilities: 200, close: true}, "EOF"},
		"no subscription":  {&simulator{capabilities: 200, refuses: true}, "invalid_dataref_id"},
	} {
		if _, err := states(t, c.s, 0); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestFollowAgain: a link that ends in mid-flight, falls silent or no longer tells the place is
// made again, with the ids of the new run, and the flight goes on.
func TestFollowAgain(t *testing.T) {
	for name, s := range map[string]*simulator{
		"another run":  {capabilities: 200, close: true},
		"silence":      {capabilities: 200, silent: true},
		"it is still":  {capabilities: 200, still: true},
		"without JSON": {capabilities: 404, close: true},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(s)
			defer server.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			silence := patience.For(t)
			if !s.close {
				silence = time.Second / 4
			}
			var sources []string
			Follow(ctx, Options{Mode: Web, WebAt: strings.TrimPrefix(server.URL, "http://"),
				Pause: time.Millisecond, Silence: silence,
				Changed: func(from string) { sources = append(sources, from) },
			}, func(s State) {
				if s.At.Lat() == 48.117 {
					cancel()
				}
			})
			s.mu.Lock()
			ids := slices.Clone(s.subscribed)
			s.mu.Unlock()
			if len(ids) < 2 || s.close == slices.ContainsFunc(ids[1], func(id int64) bool {
				return slices.Contains(ids[0], id)
			}) {
				t.Fatalf("subscribed to %v", ids)
			}
			// On a busy machine a link that is to be silent may be so before its first values, and
			// one that is not for too long: there are more of them then.
			want := []string{"Web API", "", "Web API", ""}
			if !s.close {
				want, sources = want[2:], sources[len(sources)-2:]
			}
			if len(ids) > 2 && s.close || !slices.Equal(sources, want) {
				t.Errorf("%d links, sources %q, want %q", len(ids), sources, want)
			}
		})
	}
}

// TestFollowRefused: that connections are refused is said once, with the setting's name, and the
// position is had once they are allowed.
func TestFollowRefused(t *testing.T) {
	s := &simulator{capabilities: 200, forbidden: true}
	server := httptest.NewServer(s)
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var notes []string
	refused := 0
	s.asked = func() {
		if refused++; refused == 3 {
			s.forbidden = false
		}
	}
	Follow(ctx, Options{Mode: Web, WebAt: strings.TrimPrefix(server.URL, "http://"), Pause: time.Millisecond,
		Note: func(text string) { notes = append(notes, text) }}, func(State) { cancel() })
	if len(notes) != 1 || !strings.Contains(notes[0], "Disable Incoming Traffic") || refused < 3 {
		t.Errorf("refused %d times: %q", refused, notes)
	}
}

// TestFollowSecond: where there is no Web API, RREF is used.
func TestFollowSecond(t *testing.T) {
	fake, _ := fakeRREF(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var sources []string
	Follow(ctx, Options{Mode: Auto, WebAt: "127.0.0.1:1", RREFAt: fake,
		Changed: func(from string) { sources = append(sources, from) }}, func(State) { cancel() })
	if want := []string{"RREF", ""}; !slices.Equal(sources, want) {
		t.Errorf("sources %q, want %q", sources, want)
	}
}

// fakeRREF is X-Plane's UDP service. ended gets the number of each dataref whose subscription ends.
func fakeRREF(t *testing.T) (addr string, ended chan int) {
	fake, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fake.Close() })
	ended = make(chan int, len(refs))
	go func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := fake.ReadFrom(buf)
			if err != nil || n != 413 {
				return
			}
			hz, index := binary.LittleEndian.Uint32(buf[5:]), binary.LittleEndian.Uint32(buf[9:])
			if hz == 0 {
				ended <- int(index)
				continue
			}
			value := map[uint32]float32{latitude: 48.116, longitude: 16.566, speed: 128}[index]
			answer := []byte("RREF,")
			answer = binary.LittleEndian.AppendUint32(answer, index)
			answer = binary.LittleEndian.AppendUint32(answer, math.Float32bits(value))
			_, _ = fake.WriteTo(answer, from)
		}
	}()
	return fake.LocalAddr().String(), ended
}

// TestRREF takes the place from a fake of the UDP service, and unsubscribes at the end.
func TestRREF(t *testing.T) {
	addr, ended := fakeRREF(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	source := ""
	Follow(ctx, Options{Mode: RREF, RREFAt: addr, Changed: func(from string) {
		if from != "" {
			source = from
		}
	}}, func(s State) {
		if s.Speed == 128 && math.Abs(s.At.Lat()-48.116) < 1e-5 {
			cancel()
		}
	})
	if source != "RREF" {
		t.Errorf("source %q", source)
	}
	for range refs {
		<-ended
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]Options{
		"auto": {Mode: Auto}, "off": {Mode: Off}, "web": {Mode: Web},
		"web:127.0.0.1:8088": {Mode: Web, WebAt: "127.0.0.1:8088"}, "rref:host:1": {Mode: RREF, RREFAt: "host:1"},
	} {
		if got, err := Parse(text); err != nil || got.Mode != want.Mode || got.WebAt != want.WebAt || got.RREFAt != want.RREFAt {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "on", "auto:1", "off:x"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

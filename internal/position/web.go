package position

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

const (
	// answerTime is how long X-Plane may take to answer a request; it is busy while it loads.
	answerTime = 10 * time.Second
	// maxAnswer bounds an answer; those wanted are a few kB.
	maxAnswer = 4 << 20
)

// webClient is a client of one X-Plane's Web API.
type webClient struct {
	at   string
	http *http.Client // without a proxy: X-Plane answers local clients only
}

// web delivers states over one WebSocket until it is lost.
func web(ctx context.Context, o Options, deliver func(State)) error {
	c := webClient{o.WebAt, &http.Client{Timeout: answerTime, Transport: &http.Transport{MaxConnsPerHost: 2}}}
	defer c.http.CloseIdleConnections()
	version, err := c.version(ctx)
	if err != nil {
		return err
	}
	ids, err := c.lookUp(ctx, version)
	if err != nil {
		return err
	}
	dialing, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	// The time-out of the client would be one of the whole connection.
	socket, _, err := websocket.Dial(dialing, "ws://"+c.at+"/api/"+version,
		&websocket.DialOptions{HTTPClient: &http.Client{Transport: c.http.Transport}})
	if err != nil {
		return err
	}
	defer func() { _ = socket.CloseNow() }()
	socket.SetReadLimit(maxAnswer)
	return listen(ctx, socket, ids, o, deliver)
}

// get asks for a path. Anything but JSON is an error, whatever its status: an unknown path gets an
// HTML page.
func (c webClient) get(ctx context.Context, path string, into any) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.at+path, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Accept", "application/json")
	answer, err := c.http.Do(request)
	if err != nil {
		return 0, errors.Join(errAbsent, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return 0, err
	}
	switch kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); {
	case answer.StatusCode == http.StatusForbidden:
		return answer.StatusCode, errRefused
	case answer.StatusCode != http.StatusOK:
		return answer.StatusCode, fmt.Errorf("X-Plane answers %s with status %d", path, answer.StatusCode)
	case kind != "application/json":
		return answer.StatusCode, fmt.Errorf("X-Plane answers %s with %q", path, kind)
	}
	return answer.StatusCode, json.Unmarshal(body, into)
}

// version returns the version of the API to use. All have what is wanted here, so it is the oldest.
func (c webClient) version(ctx context.Context) (string, error) {
	var capabilities struct {
		API struct{ Versions []string }
	}
	status, err := c.get(ctx, "/api/capabilities", &capabilities)
	if status == http.StatusNotFound { // version 1 does not say what it is
		var count struct{ Data int }
		_, err = c.get(ctx, "/api/v1/datarefs/count", &count)
		return "v1", err
	}
	if err != nil {
		return "", err
	}
	for _, known := range []string{"v1", "v2", "v3"} {
		if slices.Contains(capabilities.API.Versions, known) {
			return known, nil
		}
	}
	return "", fmt.Errorf("X-Plane's Web API has the versions %q (want v1, v2 or v3)", capabilities.API.Versions)
}

// lookUp returns the numbers of the datarefs by their ids, which are others in every run of
// X-Plane. One unknown name makes it refuse the question, so names are asked for one by one; only
// those of the place are needed.
func (c webClient) lookUp(ctx context.Context, version string) (map[int64]int, error) {
	ids := make(map[int64]int)
	for i, name := range refs {
		id, known, err := c.find(ctx, version, name)
		switch {
		case known:
			ids[id] = i
		case errors.Is(err, errRefused) || errors.Is(err, errAbsent):
			return nil, err
		case i == latitude || i == longitude:
			return nil, fmt.Errorf("X-Plane does not know %s yet", name)
		}
	}
	return ids, nil
}

// find returns the number of a dataref.
func (c webClient) find(ctx context.Context, version, name string) (id int64, known bool, err error) {
	var found struct {
		Data []struct {
			ID   int64
			Name string
		}
	}
	query := url.Values{"filter[name]": {name}}
	_, err = c.get(ctx, "/api/"+version+"/datarefs?"+query.Encode(), &found)
	for _, d := range found.Data {
		if d.Name == name {
			return d.ID, true, nil
		}
	}
	return 0, false, err
}

// Day returns the day of the year that it is in X-Plane, from 1 to 365, and whether its Web API at
// an address tells; "" is the usual address.
func Day(ctx context.Context, at string) (day int, known bool) {
	return dayWithin(ctx, at, 2*time.Second) // somebody waits for the mount
}

func dayWithin(ctx context.Context, at string, patience time.Duration) (day int, known bool) {
	c := webClient{cmp.Or(at, usualWeb), &http.Client{Timeout: patience, Transport: &http.Transport{}}}
	defer c.http.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	version, err := c.version(ctx)
	if err != nil {
		return 0, false
	}
	id, known, _ := c.find(ctx, version, "sim/time/local_date_days")
	var value struct{ Data *float64 }
	if !known {
		return 0, false
	}
	_, err = c.get(ctx, fmt.Sprintf("/api/%s/datarefs/%d/value", version, id), &value)
	if err != nil || value.Data == nil || !(*value.Data >= 0 && *value.Data < 366) {
		return 0, false
	}
	return min(int(*value.Data)+1, 365), true // X-Plane counts from 0
}

// message is one from X-Plane: values that have changed, or the result of a request, which may come
// after the first values.
type message struct {
	Type    string
	Success *bool
	Code    string                     `json:"error_code"`
	Data    map[string]json.RawMessage // values by id
}

// errStill means that X-Plane goes on, but no longer says where the aircraft is: a known fault,
// which another subscription mends.
var errStill = errors.New("X-Plane no longer says where the aircraft is")

// listen subscribes to the datarefs and delivers states.
func listen(ctx context.Context, socket *websocket.Conn, ids map[int64]int, o Options,
	deliver func(State)) error {
	type ref struct {
		ID int64 `json:"id"`
	}
	var wanted []ref
	for id := range ids {
		wanted = append(wanted, ref{id})
	}
	err := wsjson.Write(ctx, socket, map[string]any{"req_id": 1, "type": "dataref_subscribe_values",
		"params": map[string]any{"datarefs": wanted}})
	if err != nil {
		return err
	}
	var v values
	connected, moved := false, time.Now()
	for {
		m, err := next(ctx, socket, o.Silence)
		if err != nil {
			return err
		}
		if m.Success != nil && !*m.Success {
			return fmt.Errorf("X-Plane refuses the subscription: %s", m.Code)
		}
		if m.Type != "dataref_update_values" {
			continue
		}
		for id, raw := range m.Data {
			n, err := strconv.ParseInt(id, 10, 64)
			var value float64
			if i, ours := ids[n]; err == nil && ours && json.Unmarshal(raw, &value) == nil {
				v.set(i, value)
				if i == latitude || i == longitude {
					moved = time.Now()
				}
			}
		}
		s, ok := v.state(time.Now())
		if !ok {
			continue
		}
		if !connected && o.Changed != nil {
			o.Changed("Web API")
		}
		connected = true
		if !v.moves() {
			moved = s.When
		}
		if s.When.Sub(moved) > o.Silence {
			return errStill
		}
		deliver(s)
	}
}

func next(ctx context.Context, socket *websocket.Conn, silence time.Duration) (m message, err error) {
	waiting, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	return m, wsjson.Read(waiting, socket, &m)
}

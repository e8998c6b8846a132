// Package simulatortest answers as X-Plane's Web API does, for an aircraft that hardly moves.
package simulatortest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// firstID is an id as X-Plane gives them: beyond 32 bits.
const firstID = 40003472032

// latitude and running never stand still.
const (
	latitude = "sim/flightmodel/position/latitude"
	running  = "sim/time/total_running_time_sec"
)

// Listen starts a simulator whose datarefs begin with these values. The caller closes it.
func Listen(values map[string]float64) *httptest.Server {
	ids := map[string]int64{running: firstID}
	for name := range values {
		ids[name] = firstID + int64(len(ids))
	}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /api/capabilities", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"api": map[string]any{"versions": []string{"v1", "v2"}}})
	})
	mux.HandleFunc("GET /api/v1/datarefs", func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Query().Get("filter[name]")
		id, known := ids[name]
		if !known {
			answer(w, http.StatusNotFound, map[string]any{"error_code": "invalid_dataref_name"})
			return
		}
		answer(w, http.StatusOK, map[string]any{"data": []any{map[string]any{"id": id, "name": name}}})
	})
	mux.HandleFunc("GET /api/v1", func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = c.CloseNow() }()
		var subscription any
		if wsjson.Read(r.Context(), c, &subscription) != nil {
			return
		}
		ctx := c.CloseRead(r.Context())
		data := make(map[string]float64) // by id
		for name, v := range values {
			data[fmt.Sprint(ids[name])] = v
		}
		for i := 0; ; i++ {
			data[fmt.Sprint(ids[latitude])] = values[latitude] + float64(i)*1e-6
			data[fmt.Sprint(ids[running])] = float64(i) / 10
			if wsjson.Write(ctx, c, map[string]any{"type": "dataref_update_values", "data": data}) != nil {
				return
			}
			if i == 0 { // it may come after the first values
				_ = wsjson.Write(ctx, c, map[string]any{"req_id": 1, "type": "result", "success": true})
			}
			clear(data) // from now on only what has changed
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
				return
			}
		}
	})
	return httptest.NewServer(mux)
}

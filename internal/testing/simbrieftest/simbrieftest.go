// Package simbrieftest answers as SimBrief's public fetcher does.
package simbrieftest

import (
	_ "embed"
	"io"
	"net/http"
	"net/http/httptest"
)

//go:embed plan.json
var plan string

// Listen starts a SimBrief that knows the users "simmer" and 1234, who have a plan with two
// alternates, and "noplan", who has none. For "html" it is out of order. The caller closes it.
func Listen() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		user := q.Get("username") + q.Get("userid")
		switch {
		case q.Get("json") != "1" || q.Has("username") == q.Has("userid"):
			w.WriteHeader(http.StatusNotFound)
		case user == "html":
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "<html><body>Down for maintenance</body></html>")
		case q.Get("username") == "simmer", q.Get("userid") == "1234":
			_, _ = io.WriteString(w, plan)
		case user == "noplan":
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"fetch": {"userid": "7", "static_id": {}, "status": "Error: No flight plan on file for the specified user", "time": "0.01"}}`)
		default:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"fetch": {"userid": {}, "static_id": {}, "status": "Error: Unknown UserID", "time": "0.0007"}}`)
		}
	}))
}

// Package httpd serves the status page, metrics, health and, on request, profiles of a running
// build or mount.
//
//	server, err := httpd.Listen(ctx, httpd.Options{Addr: "127.0.0.1:8087", Status: board.Handler()})
//	defer server.Close()
//
// # Security
//
// It listens on loopback only unless Options.AllowRemote is set. On loopback it answers only
// requests for loopback names, so that a foreign web page whose name resolves to 127.0.0.1 gets
// nothing. Everything but Options.Acts is read-only. With Options.Token a request needs that token,
// as the password of basic authentication with any user name, or as a bearer token.
package httpd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"golang.org/x/net/netutil"
)

// Errors of Listen.
var (
	// ErrRemote means that other machines could reach the address.
	ErrRemote = errors.New("the address is reachable from other machines")
	// ErrTaken means that another process listens at the address.
	ErrTaken = errors.New("another process listens there already, another xelpack perhaps; choose " +
		"another port")
)

// Options are the settings of a Server.
type Options struct {
	Addr        string // host:port; an empty host is 127.0.0.1
	AllowRemote bool   // allow Addr to be other than loopback
	Profiles    bool   // serve /debug/pprof/
	Token       string // every request must have this token; "": none needed
	Connections int    // at once; further ones wait. 0: as many as come
	Metrics     http.Handler
	Status      http.Handler // serves the page and everything below / not served otherwise
	Acts        http.Handler // in place of Status: takes every method, and guards what it does itself
	// Health returns nil if all is well, and otherwise what is wrong. It must return when its
	// context ends. Nil: always well.
	Health func(context.Context) error
}

// Server is a running server.
type Server struct {
	url    string
	server *http.Server
	done   chan struct{}
}

// Listen starts a Server. It listens when Listen returns. The caller must Close it.
func Listen(ctx context.Context, o Options) (*Server, error) {
	host, port, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return nil, fmt.Errorf("address %q: want host:port, such as 127.0.0.1:8087", o.Addr)
	}
	host = cmp.Or(host, "127.0.0.1")
	local := Loopback(host)
	if !local && !o.AllowRemote {
		return nil, fmt.Errorf("address %s: %w", o.Addr, ErrRemote)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if errors.Is(err, addressInUse) {
		return nil, fmt.Errorf("address %s: %w", o.Addr, ErrTaken)
	}
	if err != nil {
		return nil, fmt.Errorf("address %s: %w", o.Addr, err)
	}
	if o.Connections > 0 {
		listener = netutil.LimitListener(listener, o.Connections)
	}
	handler := routes(o)
	if o.Token != "" {
		handler = onlyWithToken(o.Token, handler)
	}
	if local {
		handler = onlyLoopbackNames(handler)
	}
	s := &Server{
		url:  "http://" + listener.Addr().String() + "/",
		done: make(chan struct{}),
		server: &http.Server{
			Handler:           hardened(handler),
			ReadHeaderTimeout: 5 * time.Second,
			IdleTimeout:       time.Minute,
			MaxHeaderBytes:    16 << 10,
			// Long-lived streams end with this context.
			BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		},
	}
	go func() {
		defer close(s.done)
		_ = s.server.Serve(listener) // returns after Close
	}()
	return s, nil
}

// URL returns the address of the page.
func (s *Server) URL() string { return s.url }

// closeGrace is how long requests in progress may take to end; streams have been told to end by
// then.
const closeGrace = 2 * time.Second

// Close ends the server and waits for it.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.server.BaseContext(nil)), closeGrace)
	defer cancel()
	if s.server.Shutdown(ctx) != nil {
		_ = s.server.Close()
	}
	<-s.done
}

// healthPatience is how long the health check may take: less than monitoring systems wait.
const healthPatience = 3 * time.Second

func routes(o Options) http.Handler {
	mux := http.NewServeMux()
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if o.Health != nil {
			ctx, cancel := context.WithTimeout(r.Context(), healthPatience)
			defer cancel()
			if err := o.Health(ctx); err != nil {
				w.WriteHeader(http.StatusServiceUnavailable)
				fmt.Fprintln(w, err)
				return
			}
		}
		fmt.Fprintln(w, "ok")
	})
	if o.Profiles {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	switch {
	case o.Acts != nil:
		mux.Handle("/", o.Acts)
	case o.Status != nil:
		mux.Handle("GET /", o.Status)
	}
	return mux
}

// hardened keeps other web pages from using what is served.
func hardened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func onlyLoopbackNames(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if !Loopback(strings.Trim(host, "[]")) {
			http.Error(w, "use 127.0.0.1 or localhost as the host name",
				http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Loopback reports whether only this machine reaches host.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

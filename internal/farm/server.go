package farm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/xelpack/xelpack/internal/usage"
)

// Server says where the NATS server is and how to prove who one is.
type Server struct {
	URL   string
	Token string // "": none, or in URL
	Creds string // a file: credentials (.creds), or the seed of an nkey; "": none
	CA    string // a file: certificates to be trusted; "": the system's
	// InProcess, if set, is the embedded server, instead of URL
	InProcess nats.InProcessConnProvider
}

// LocalURL stands for an embedded server and workers on this machine.
const LocalURL = "local"

// Validate checks the address by itself.
func (s Server) Validate() error {
	for flag, file := range map[string]string{"--farm-ca": s.CA, "--farm-creds": s.Creds} {
		if _, err := os.Stat(file); file != "" && err != nil {
			return usage.Errorf("%s: %w", flag, err)
		}
	}
	for one := range strings.SplitSeq(s.URL, ",") {
		u, err := url.Parse(one)
		if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" && u.Scheme != "ws" && u.Scheme != "wss" {
			return usage.Errorf("%q is not the address of a NATS server: want nats://HOST:4222, tls://HOST:4222, "+
				"or local for workers on this machine", s.hidden())
		}
	}
	return nil
}

// hidden is the address without what is secret in it.
func (s Server) hidden() string {
	u, err := url.Parse(s.URL)
	if err != nil || u.User == nil {
		return s.URL
	}
	u.User = nil
	return u.String()
}

// errDenied is a server that does not let us in.
var errDenied = errors.New("the NATS server refuses these credentials")

const (
	dialTimeout   = 5 * time.Second
	apiTimeout    = 10 * time.Second
	reconnectWait = time.Second
	// leastPayload is what a server must take: shares travel in pieces of 128 KiB.
	leastPayload = 256 << 10
)

// connect connects. The connection is made again whenever it breaks, until it is closed.
func (s Server) connect(name string) (*nats.Conn, jetstream.JetStream, error) {
	options := []nats.Option{
		nats.Name("xelpack " + name), nats.Timeout(dialTimeout), nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(reconnectWait/2, reconnectWait),
		nats.PingInterval(10 * time.Second), nats.MaxPingsOutstanding(2), nats.ReconnectBufSize(1 << 20),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // it would print
	}
	if s.Token != "" {
		options = append(options, nats.Token(s.Token))
	}
	if s.CA != "" {
		options = append(options, nats.RootCAs(s.CA))
	}
	if s.InProcess != nil {
		options = append(options, nats.InProcessServer(s.InProcess))
	}
	if s.Creds != "" {
		text, err := os.ReadFile(s.Creds)
		if err != nil {
			return nil, nil, usage.Errorf("--farm-creds: %w", err)
		}
		if strings.Contains(string(text), "BEGIN NATS USER JWT") {
			options = append(options, nats.UserCredentials(s.Creds))
		} else {
			key, err := nats.NkeyOptionFromSeed(s.Creds)
			if err != nil {
				return nil, nil, usage.Errorf("--farm-creds %s: neither a file of credentials nor the seed of an "+
					"nkey: %w", filepath.Base(s.Creds), err)
			}
			options = append(options, key)
		}
	}
	nc, err := nats.Connect(cmp.Or(s.URL, nats.DefaultURL), options...)
	if err != nil {
		return nil, nil, s.explain(err)
	}
	if nc.MaxPayload() < leastPayload {
		nc.Close()
		return nil, nil, s.explain(nats.ErrMaxPayload)
	}
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(apiTimeout))
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return nc, js, nil
}

// explain says in words why the server cannot be used.
func (s Server) explain(err error) error {
	api := (*jetstream.APIError)(nil)
	where := s.hidden()
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrPermissionViolation):
		return fmt.Errorf("%s: %w: give --farm-token or --farm-creds", where, errDenied)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount),
		errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("%s: JetStream is off there: start it with -js, or see contrib/nats-server.conf", where)
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("%s: a message is larger than the server takes: raise max_payload there (at least 1MB)", where)
	case errors.As(err, &api) && full(err):
		return fmt.Errorf("%s: its store is full (%s): give it more (max_file_store, or the account's limit)",
			where, api.Description)
	case errors.As(err, &api):
		return fmt.Errorf("%s: %w", where, err)
	case errors.Is(err, nats.ErrNoServers), errors.Is(err, nats.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: no NATS server answers there: %w", where, err)
	}
	return fmt.Errorf("%s: %w", where, err)
}

// full reports whether a write failed for want of room. The codes are the server's; those of a
// stream that has no more room are told apart by their text only.
func full(err error) bool {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode {
	case 10023, 10028, 10047:
		return true
	}
	return strings.Contains(api.Description, "maximum bytes")
}

// there reports whether a message was refused because its subject has one.
func there(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && strings.Contains(api.Description, "per subject")
}

// persist repeats f while the server cannot be reached or is full, until ctx ends. wait, if set, is
// told why.
func persist(ctx context.Context, wait func(error), f func(context.Context) error) error {
	for {
		one, cancel := context.WithTimeout(ctx, apiTimeout)
		err := f(one)
		cancel()
		var api *jetstream.APIError
		switch {
		case err == nil || there(err):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &api) && !full(err) && api.Code != 503:
			return err
		case errors.Is(err, nats.ErrMaxPayload), errors.Is(err, nats.ErrConnectionClosed),
			errors.Is(err, jetstream.ErrKeyExists), errors.Is(err, jetstream.ErrKeyNotFound):
			return err
		}
		if wait != nil {
			wait(err)
		}
		select {
		case <-time.After(reconnectWait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

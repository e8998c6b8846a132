package httpd

import (
	"net/http"
	"testing"
	"testing/synctest"

	"net/http/httptest"
	"time"
)

func TestToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const token = "A-GOOD-TOKEN"
		handler := onlyWithToken(token, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		ask := func(set func(*http.Request)) int {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			set(r)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
				t.Error("a browser is not told to ask for it")
			}
			return w.Code
		}
		for name, tt := range map[string]struct {
			set  func(*http.Request)
			want int
		}{
			"none":      {func(*http.Request) {}, 401},
			"password":  {func(r *http.Request) { r.SetBasicAuth("anybody", token) }, 200},
			"user name": {func(r *http.Request) { r.SetBasicAuth(token, "") }, 401},
			"wrong":     {func(r *http.Request) { r.SetBasicAuth("anybody", "A-GOOD-TOKEM") }, 401},
			"begin":     {func(r *http.Request) { r.SetBasicAuth("anybody", token[:5]) }, 401},
			"empty":     {func(r *http.Request) { r.SetBasicAuth("anybody", "") }, 401},
			"bearer":    {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }, 200},
			"digest":    {func(r *http.Request) { r.Header.Set("Authorization", "Digest "+token) }, 401},
			"query":     {func(r *http.Request) { r.URL.RawQuery = "token=" + token }, 401},
		} {
			if got := ask(tt.set); got != tt.want {
				t.Errorf("%s: %d, want %d", name, got, tt.want)
			}
		}
		// Nobody can try many. Who has the token is let in meanwhile.
		guess := func(r *http.Request) { r.SetBasicAuth("x", "guess") }
		for range wrongTokens {
			ask(guess)
		}
		if got := ask(guess); got != http.StatusTooManyRequests {
			t.Errorf("after many wrong tokens: %d", got)
		}
		if got := ask(func(r *http.Request) { r.SetBasicAuth("x", token) }); got != 200 {
			t.Errorf("the right token meanwhile: %d", got)
		}
		time.Sleep(time.Second)
		if got := ask(guess); got != http.StatusUnauthorized {
			t.Errorf("a second later: %d", got)
		}
	})
}

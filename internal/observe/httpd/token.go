package httpd

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// wrongTokens is how many wrong tokens a second are answered as such: nobody can try many.
const wrongTokens = 10

func onlyWithToken(token string, next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(token)) // of one length, so that comparing tells nothing of it
	wrong := rate.NewLimiter(wrongTokens, wrongTokens)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, ok := tokenOf(r)
		got := sha256.Sum256([]byte(given))
		switch {
		case ok && subtle.ConstantTimeCompare(got[:], want[:]) == 1:
			next.ServeHTTP(w, r)
		case ok && !wrong.AllowN(time.Now(), 1):
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many wrong tokens: wait a second", http.StatusTooManyRequests)
		default:
			w.Header().Set("WWW-Authenticate", `Basic realm="xelpack", charset="UTF-8"`)
			http.Error(w, "the address with the access token is needed: the server printed it when "+
				"it was started", http.StatusUnauthorized)
		}
	})
}

// tokenOf returns the token that a request brings.
func tokenOf(r *http.Request) (string, bool) {
	if _, password, ok := r.BasicAuth(); ok {
		return password, true
	}
	return strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
}

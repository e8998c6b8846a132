package remote

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/xelpack/xelpack/internal/usage"
)

// IsURL reports whether name is the address of a file on a web server rather than a path.
func IsURL(name string) bool {
	scheme, _, ok := strings.Cut(name, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

var address = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+://`)

// HasScheme reports whether name is an address of any kind, such as ftp://host/a.mbtiles.
func HasScheme(name string) bool { return address.MatchString(name) }

// Written returns why nothing is written under that name, an address, or nil.
func Written(name string) error {
	if HasScheme(name) {
		return usage.Errorf("%s: files are written here, not to an address", Shown(name))
	}
	return nil
}

// Shown returns what may be shown of an address: without user and query, which may hold keys. Other
// names stay as they are.
func Shown(name string) string {
	if !IsURL(name) {
		return name
	}
	u, err := url.Parse(name)
	if err != nil {
		return "the address"
	}
	shown := url.URL{Scheme: strings.ToLower(u.Scheme), Host: u.Host, Path: u.Path}
	return shown.String()
}

// secretParameter matches the names of parameters that hold keys.
var secretParameter = regexp.MustCompile(
	`(?i)^(access_?token|token|api_?key|key|signature|sig|password|secret|expires|x-amz-.*)$`)

// cacheName returns the name of the cache of a file, by what of its address is no secret.
func cacheName(u *url.URL) string {
	query := u.Query()
	for name := range query {
		if secretParameter.MatchString(name) {
			query.Del(name)
		}
	}
	public := url.URL{Scheme: strings.ToLower(u.Scheme), Host: strings.ToLower(u.Host), Path: u.Path,
		RawQuery: query.Encode()}
	sum := sha256.Sum256([]byte(public.String()))
	base := strings.TrimSuffix(path.Base(u.Path), path.Ext(u.Path))
	base = regexp.MustCompile(`[^A-Za-z0-9_.-]+`).ReplaceAllString(base, "_")
	return fmt.Sprintf("%.40s-%s", strings.TrimLeft(base, "."), hex.EncodeToString(sum[:8]))
}

// exposed says why what is sent to an address can be read and changed on the way; "": it cannot, or
// only in one's own house.
func exposed(u *url.URL) string {
	host := u.Hostname()
	if strings.EqualFold(u.Scheme, "https") || strings.EqualFold(host, "localhost") {
		return ""
	}
	if ip := net.ParseIP(host); ip != nil {
		if ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
			return ""
		}
	} else if !strings.Contains(host, ".") || strings.HasSuffix(host, ".local") ||
		strings.HasSuffix(host, ".lan") || strings.HasSuffix(host, ".home.arpa") {
		return "" // a name of the house's own network
	}
	return Shown(u.String()) + ": http:// is not encrypted: others on the way can see and change " +
		"what is sent; give https:// if the server has it"
}

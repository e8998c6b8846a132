package fetch

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
)

const (
	maxCookieHosts = 256
	maxCookies     = 64 // of a host
	maxCookieBytes = 4 << 10
)

// cookies keeps the cookies of every host apart, for the life of the process: some providers
// redirect clients without cookies to a gate, again and again. Cookies of one host are sent back to
// that host and port only, whatever domain they name. The zero value is empty.
type cookies struct {
	mu    sync.Mutex
	hosts map[string]*hostCookies
}

type hostCookies struct {
	jar   *cookiejar.Jar
	names map[string]bool // bounds what a host can make it store
}

func (c *cookies) SetCookies(u *url.URL, set []*http.Cookie) {
	c.mu.Lock()
	defer c.mu.Unlock()
	host := c.hosts[cookieHost(u)]
	if host == nil && len(c.hosts) == maxCookieHosts {
		return
	}
	if host == nil {
		jar, _ := cookiejar.New(nil) // never fails
		host = &hostCookies{jar, map[string]bool{}}
		if c.hosts == nil {
			c.hosts = map[string]*hostCookies{}
		}
		c.hosts[cookieHost(u)] = host
	}
	var own []*http.Cookie
	for _, cookie := range set {
		if len(cookie.Name)+len(cookie.Value) > maxCookieBytes || len(host.names) == maxCookies &&
			!host.names[cookie.Name] {
			continue
		}
		host.names[cookie.Name] = true
		kept := *cookie
		kept.Domain = ""
		kept.Path = "/" // otherwise there would be one for every folder of chunks
		own = append(own, &kept)
	}
	host.jar.SetCookies(u, own)
}

func (c *cookies) Cookies(u *url.URL) []*http.Cookie {
	c.mu.Lock()
	host := c.hosts[cookieHost(u)]
	c.mu.Unlock()
	if host == nil {
		return nil
	}
	return host.jar.Cookies(u)
}

func cookieHost(u *url.URL) string { return strings.ToLower(u.Host) }

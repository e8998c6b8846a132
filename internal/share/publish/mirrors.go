package publish

import (
	"net/url"

	"github.com/xelpack/xelpack/internal/usage"
)

// mirrors reads the addresses of the folders.
func (o Options) mirrors() ([]*url.URL, error) {
	var list []*url.URL
	for _, text := range o.Mirrors {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" ||
			u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			// The address may have a password, so it is not repeated.
			return nil, usage.Errorf("--mirror: want the address of a folder, such as " +
				"https://example.com/xelpack/, without user name and query")
		}
		list = append(list, u)
	}
	return list, nil
}

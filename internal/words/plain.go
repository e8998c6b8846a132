package words

import (
	"regexp"
	"sync"
)

// Plain rewords messages of Go's library in a text.
func Plain(text string) string {
	for _, r := range table() {
		text = r.from.ReplaceAllString(text, r.to)
	}
	return text
}

type rule struct {
	from *regexp.Regexp
	to   string
}

// table is compiled once, when the first error is shown.
var table = sync.OnceValue(func() []rule {
	rules := make([]rule, len(phrases))
	for i, p := range phrases {
		rules[i] = rule{regexp.MustCompile(p[0]), p[1]}
	}
	return rules
})

const (
	atKey     = `(^|[\s(])toml: line (\d+) \(last key "([^"]*)"\): `
	wrongType = atKey + `incompatible types: TOML value has type [^;]*; destination has type `
)

// phrases are messages of Go's library and their replacements, in the order of replacement.
var phrases = [...][2]string{
	// Numbers and times.
	{`strconv\.(?:Atoi|ParseInt|ParseUint): parsing ("[^"]*"): (?:invalid syntax|value out of range)`, `$1 is not a whole number, or too large`},
	{`strconv\.ParseFloat: parsing ("[^"]*"): value out of range`, `$1 is too large`},
	{`strconv\.ParseFloat: parsing ("[^"]*"): invalid syntax`, `$1 is not a number`},
	{`strconv\.ParseBool: parsing ("[^"]*"): invalid syntax`, `$1 is not true or false`},
	{`time: (?:missing unit in|invalid|unknown unit "[^"]*" in) duration ("[^"]*")`,
		`$1 is not a duration with a unit, such as 20s or 10m`},
	{`parsing time ("[^"]*").*`, `$1 is not a date`},
	{`(?:value )?(?:is )?out of range for u?int\d+`, `is too large or negative`},

	// System calls that open, list and change files.
	{`(^|: |\n)(?:openat|newfstatat|fstatat|lstat|fstat|readdirent|getdents|mkdirat|unlinkat|renameat2?|readlinkat|fsync|statfs|fork/exec) `, `$1`},
	{`(^|: |\n)(?:openat|newfstatat|fstatat|lstat|fstat|readdirent|getdents|mkdirat|unlinkat|renameat2?|readlinkat|fsync|statfs|fork/exec): `, `$1`},
	{`exec: ("[^"]*"): executable file not found in \$PATH`, `$1 is not installed`},
	{`transport endpoint is not connected`,
		"the mount's process is dead (`xelpack umount` clears it)"},

	{`is a directory`, `it is a folder, not a file`},

	// Windows.
	{`(?:The filename, directory name, or volume label syntax is incorrect|Invalid name)\.`,
		`Windows allows none of < > : " | ? * in names`},

	// Network.
	{`net/http: request canceled while waiting for connection|net/http: request canceled`,
		`no answer in time`},
	{`net/http: TLS handshake timeout`, `no answer in time to the TLS handshake`},
	{`net/http: timeout awaiting response headers`, `no answer in time`},
	{`(?:net/)?http: server gave HTTP response to HTTPS client`,
		`the server speaks http, not https`},
	{`net/http: HTTP/1\.x transport connection broken: `, ``},
	{`net/http: server response headers exceeded (\d+) bytes; aborted`,
		`its header is longer than $1 bytes`},
	{`malformed HTTP (?:response|status code|version|header).*`, `the server does not speak HTTP`},
	{`failed to parse Location header ".*`, `it redirects to what is no address`},
	{`invalid byte in chunk length|malformed chunked encoding|http chunk length too large`,
		`the encoding of the answer is damaged`},
	{`\s*\(Client\.Timeout exceeded[^)]*\)`, ``},
	{`context deadline exceeded|i/o timeout|os: deadline reached`, `no answer in time`},
	{`context canceled`, `interrupted`},
	{`(?:tls: failed to verify certificate: )?x509: certificate has expired or is not yet valid: ` +
		`current time (\S+) is (before|after) (\S+)`,
		`the server's certificate is not valid $2 $3, and this computer's clock says $1: set ` +
			`the clock right if it is wrong`},
	{`(?:tls: failed to verify certificate: )?x509: (?:cannot validate certificate for (\S+) because it doesn't contain any IP SANs|certificate is not valid for any names, but wanted to match (\S+))`,
		`the server's certificate is of another server than $1$2`},
	{`(?:tls: failed to verify certificate: )?x509: certificate is valid for (.+?), not (\S+)`,
		`the server's certificate is of $1, not of $2`},
	{`x509: certificate signed by unknown authority`,
		`x509: nobody known has signed it, or it has signed itself`},
	{`(?:tls: failed to verify certificate: )?x509: `,
		`the server's certificate cannot be trusted: `},
	{`tls: first record does not look like a TLS handshake`, `the server does not speak https`},
	{`remote error: tls: `, `the server refuses the connection: `},
	{`(?:dial|read|write|listen) (?:tcp|udp|unix)[46]?: `, ``},
	{`(?:dial|read|write|listen) (?:tcp|udp|unix)[46]? (?:\S+?->)?(\S+?): (?:read: )?`, `$1: `},
	{`(^|: )(?:bind|connect|connectex|sendto|recvfrom|accept): `, `$1`},
	{`lookup (\S+?)(?: on \S+)?: `, `$1: `},
	{`parse ("[^"]*"): (?:net/url: )?`, `address $1: `},
	{`: nats: no servers available for connection`, ``},
	{`nats: secure connection not available`, `it has no TLS: want nats:// instead of tls://`},
	{`nats: failed to parse root certificate from ("[^"]*")`, `no certificates in the file $1`},
	{`cannot assign requested address`, `this machine has no such address`},
	{`stopped after 10 redirects`, `too many redirects`},
	{`stream error: stream ID \d+; `, ``},

	// TOML of another type than wanted. The key is told only here: in other errors it is the last
	// one that was read, not the wrong one.
	{wrongType + `slice`, `${1}line $2: $3 must be a list in brackets`},
	{wrongType + `(?:string|primitive \(string-like\))`, `${1}line $2: $3 must be text in quotes`},
	{wrongType + `float`, `${1}line $2: $3 must be a number`},
	{wrongType + `integer`, `${1}line $2: $3 must be a whole number`},
	{wrongType + `boolean`, `${1}line $2: $3 must be true or false`},
	{atKey + `type mismatch for .+: expected table but found .*`, `${1}line $2: $3 must be a table`},
	{`Key '([^']*)' has already been defined\.?`, `$1 is given twice`},
	{atKey + `must be `, `${1}line $2: $3 must be `},

	// JSON, XML, TOML, CSV.
	{`invalid character ('(?:\\.[^']*|[^']+)') (?:looking for beginning of (?:value|object key string)|after (?:object key(?::value pair)?|array element|top-level value|decimal point in numeric literal)|` +
		`in (?:string literal|string escape code|\\u hexadecimal character escape|numeric literal|exponent of numeric literal|literal \w+ \(expecting '.'\)))`, `unexpected character $1`},
	{`invalid character '.' exceeded max depth`, `it is nested too deep`},
	{`invalid character entity`, `unknown entity`},
	{`invalid characters between`, `unexpected characters between`},
	{`unexpected end of JSON input`, `it ends too early`},
	{`json: cannot unmarshal (\w+) into Go struct field \S*?\.?([\w-]+) of type \S+`,
		`unexpected $1: $2`},
	{`json: cannot unmarshal (\w+) into Go value of type (?:struct \{.*?(?: \})+|\S+)`, `unexpected $1`},
	{`XML syntax error on line (\d+): `, `line $1: `},
	{`unexpected EOF|unexpected end of file`, `it ends too early`},
	{`invalid UTF-8 byte: \w+`, `it is not UTF-8 text (save the file as UTF-8)`},
	{`(^|[:,;(\n] ?)EOF\b`, `${1}it ends too early`},
	{`(^|[\s(])toml: line (\d+)(?: \(last key ("[^"]*")\))?: `, `${1}line $2: `},
	{`expected a top-level item to end with a newline, comment, or EOF, but got`,
		`expected the end of the line, but got`},
	{`parse error on line (\d+), column (\d+): `, `line $1, column $2: `},

	{`invalid escape in string '\\[^']*'|` +
		`expected (?:four|eight) hexadecimal digits after '\\[uU]', but got "[^\n]*`,
		`a \ in double quotes must be doubled; write paths in single quotes: 'C:\Ortho4XP'`},

	// SQLite.
	{`database disk image is malformed`, `its structure is damaged`},
	{`(?:open a read connection: )?file is not a database`, `not an SQLite file`},

	{`column \d+ of ".*" has type \S+, want \S+`, `a row has a value of another type`},

	// Pictures and compressed files.
	{`image: unknown format`, `unknown picture format`},
	{`(?:(?:png|jpeg|gif|webp): invalid format|invalid JPEG format|unsupported JPEG feature): `,
		``},
	{`zip: not a valid zip file`, `not a zip file`},

	// Packages that put their name before errors.
	{`(^|: |\n|\()(?:json|toml|xml|csv|url|http|http2|tls|image|png|jpeg|gif|webp|gzip|flate|zlib|zip|sevenzip|lzma|bzip2|sql|exec|time|nats|nkeys): `, `$1`},
}

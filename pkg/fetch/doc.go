// Package fetch fetches imagery: pictures of chunks, or of larger tiles that chunks are cut from,
// from a provider over HTTP or from the procedural sample, and distinguishes "the provider has
// none" from "it failed".
//
// # Outcomes
//
// Only bytes that are a whole image of the right size are ever returned (see CheckTile).
// ErrNoImagery stands for 404, 410, 204 and the provider's placeholders, and is returned at once.
// 408, 429, 5xx, time-outs, broken connections and bodies that are not imagery are retried. 401 and
// 403 are ErrRefused at once, and any other answer fails at once. If a host stops answering chunks
// that it answered before, fetching waits for it, or, if retries would not help, fails with
// ErrDown.
//
// # Concurrency
//
// A Client is made once for the process: it has the connections and the one limit on requests in
// flight, for all sources. Its sources are safe for concurrent use; call Fetch from as many
// goroutines as there are chunks wanted, the limit is inside. A chunk that waits for a retry holds
// no slot.
//
// # Layers
//
// A Client's source is a few layers, each a Source itself. From the outside in: which chunks may be
// requested and what their outcome was (clientSource); retries (retrying); one attempt within the
// limits of host and process, with a second one beside it if it is slow (attempting); one request
// (httpSource). An MBTiles file and the sample have only the first.
//
// # Secrets
//
// API tokens come from the environment and are sent only to the provider's own host: no error, and
// no redirect to another host, contains them.
package fetch

// Package fetch gets imagery: one picture of 256×256 px a chunk, from a provider over HTTP or from
// the procedural sample, and tells "the provider has none" from "could not be had".
//
// # Outcomes
//
// Only bytes that are a whole image of the right size are ever returned (see CheckJPEG).
// ErrNoImagery stands for 404, 410, 204 and the provider's placeholders, and comes at once. 408,
// 429, 5xx, time-outs, broken connections and bodies that are not imagery are asked for again. 401
// and 403 are ErrRefused at once, and any other answer fails at once. When a host answers nothing
// that it answered before, fetching waits for it, or, where asking again would not help, fails with
// ErrDown.
//
// # Concurrency
//
// A Client is made once for the process: it holds the connections and the one limit on requests in
// flight, whichever sources they go to. Its sources are safe for concurrent use; call Fetch from as
// many goroutines as there are chunks wanted, the limit is inside. Who waits to try again holds
// none of the slots.
//
// # Layers
//
// A Client's source is a few, one in the other, each a Source itself. From the caller inwards: what
// may be asked for and how it ended (clientSource); asking again where that may help (retrying);
// one attempt within the limits of host and process, and perhaps a second beside it (attempting);
// one request (httpSource). An MBTiles file and the sample have only the first.
//
// # Secrets
//
// API tokens come from the environment and go nowhere but into requests to the provider's own host:
// no error, and no redirect to another host, carries them.
package fetch

// Package farm builds one archive with many machines, on NATS JetStream.
//
// A coordinator plans as any build does and publishes the plan as jobs, neighbouring textures each.
// Workers take jobs, build them with the one pipeline, and send shares: archives of a job's
// textures. The coordinator checks each share as it would a stranger's archive and puts its
// textures into the one archive. Equal textures are equal bytes, so the digest does not tell who
// built it.
//
//	f, err := farm.New(plan, buildOptions, farm.Options{Server: farm.Server{URL: "nats://host:4222"}})
//	buildOptions.Make = f.Make      // the coordinator; f.State says how things stand
//	err = farm.Work(ctx, farm.WorkerOptions{Server: server, Jobs: 2}) // a worker
//
// # What is in NATS
//
// For every build one stream, a work queue of at most one message a subject: job.N until a worker
// has built it, share.N until the coordinator has it in the archive, dead.N for jobs that failed
// too often, audit.N for what is built a second time. A worker publishes the share before it
// acknowledges the job, and the coordinator commits the textures before it acknowledges the share:
// at every moment one of the two messages or the archive has the work, and the archive's .part and
// the stream are all that is needed to go on. The shares are in an object store, or in a folder
// that all see. One bucket has the contracts of the builds, another, whose entries vanish by
// themselves, who is at work.
//
// # Politeness
//
// Workers ask the coordinator for leave to send requests, a few at a time, and report what came of
// them. Without a coordinator nothing is asked of a provider.
package farm

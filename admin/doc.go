// Package admin is where a running master is seen and steered: what it shows, the
// HTTP API by which that is read and orders are given, a client for it, and a
// page for people.
//
// It promises:
//
//   - One source of truth. Whatever is shown, in a log, a metric, a page or a
//     terminal, comes from the [Status] of the master and from its [Event]s.
//   - An order is carried out now or refused now. What cannot be done at the
//     moment is answered by a [Conflict] with the reason, and never queued.
//   - A client cannot hold up the master. Whoever does not read is cut off, and
//     goes on later where it stopped: events have numbers.
//   - Nothing is open to others. The socket is its owner's; a TCP address has to
//     be asked for, and needs a token or a client certificate.
//
// A master serves it on a unix socket in its state directory, admin.sock. The
// smallest program that looks at one:
//
//	client := admin.Dial("/srv/app/.app.overseer/admin.sock")
//	status, err := client.Status(ctx)
//
// openapi.json describes the API; [OpenAPI] returns it.
package admin

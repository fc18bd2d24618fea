package admin

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// An Accepted is the answer to an order that is being carried out.
type Accepted struct {
	// Event is the ID of the newest event before the order: whoever follows from
	// there sees all that comes of it.
	Event uint64 `json:"event"`
}

// A body is that of all orders.
type body struct {
	Reason     string `json:"reason,omitempty"`
	Generation int    `json:"generation,omitempty"`
	Actor      string `json:"actor,omitempty"`

	To    Target     `json:"to,omitempty"`
	Until *time.Time `json:"until,omitempty"`
	Level string     `json:"level,omitempty"`
}

// Restart has the program restarted. The Actor of an order is added to what the
// server itself knows of who ordered, as "… for ACTOR".
func (c *Client) Restart(ctx context.Context, o Order) (Accepted, error) {
	return c.order(ctx, http.MethodPost, "/v1/restart", o, body{})
}

// Upgrade has the release that waits tried now, or the source asked now.
func (c *Client) Upgrade(ctx context.Context, o Order) (Accepted, error) {
	return c.order(ctx, http.MethodPost, "/v1/upgrade", o, body{})
}

// Rollback goes back to another release.
func (c *Client) Rollback(ctx context.Context, o Order, to Target) (Accepted, error) {
	return c.order(ctx, http.MethodPost, "/v1/rollback", o, body{To: to})
}

// Hold keeps releases from being fetched and tried until then; the zero time
// means until Release.
func (c *Client) Hold(ctx context.Context, o Order, until time.Time) (Accepted, error) {
	var b body
	if !until.IsZero() {
		b.Until = &until
	}
	return c.order(ctx, http.MethodPut, "/v1/hold", o, b)
}

// Release ends a hold.
func (c *Client) Release(ctx context.Context, o Order) (Accepted, error) {
	return c.order(ctx, http.MethodDelete, "/v1/hold", o, body{})
}

// Forget lifts the quarantine of a release. [ErrNotFound]: it is in none.
func (c *Client) Forget(ctx context.Context, o Order, digest string) (Accepted, error) {
	return c.order(ctx, http.MethodDelete, "/v1/quarantine/"+url.PathEscape(digest), o, body{})
}

// SetLogLevel takes debug, info, warn or error.
func (c *Client) SetLogLevel(ctx context.Context, o Order, level string) (Accepted, error) {
	return c.order(ctx, http.MethodPut, "/v1/log-level", o, body{Level: level})
}

func (c *Client) order(ctx context.Context, method, path string, o Order, b body) (a Accepted, err error) {
	b.Reason, b.Generation, b.Actor = o.Reason, o.Generation, o.Actor
	send := func() error {
		req, err := c.request(ctx, method, path, b)
		if err != nil {
			return err
		}
		if o.Trace != "" {
			req.Header.Set("Traceparent", o.Trace)
		}
		return c.do(req, http.StatusAccepted, &a)
	}
	if method == http.MethodPost { // what is carried out twice is not the same as once
		err = send()
		return a, err
	}
	err = again(ctx, send)
	return a, err
}

package admin

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Status returns what the master holds.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return get[Status](ctx, c, "/v1/status")
}

// Sample returns the part of the status that changes all the time.
func (c *Client) Sample(ctx context.Context) (Sample, error) {
	return get[Sample](ctx, c, "/v1/sample")
}

// Events returns up to max events that come after the given ID, as
// [Master].Events does; 1,000 at most.
func (c *Client) Events(ctx context.Context, after uint64, max int) (events []Event, known bool, err error) {
	query := url.Values{"after": {strconv.FormatUint(after, 10)}, "limit": {strconv.Itoa(max)}}
	all, err := get[eventList](ctx, c, "/v1/events?"+query.Encode())
	return all.Events, all.Known, err
}

// History returns up to max changes of release, the newest first; 1,000 at most.
func (c *Client) History(ctx context.Context, max int) ([]Attempt, error) {
	return get[[]Attempt](ctx, c, "/v1/history?limit="+strconv.Itoa(max))
}

// Quarantine returns the releases that are not tried again.
func (c *Client) Quarantine(ctx context.Context) ([]Entry, error) {
	return get[[]Entry](ctx, c, "/v1/quarantine")
}

func get[T any](ctx context.Context, c *Client, path string) (T, error) {
	var v T
	req, err := c.request(ctx, http.MethodGet, path, nil)
	if err == nil {
		err = c.do(req, http.StatusOK, &v)
	}
	return v, err
}

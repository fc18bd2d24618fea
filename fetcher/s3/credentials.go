package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	roleTimeout = 5 * time.Second // to the credentials of a role, all requests together
	rolePause   = time.Minute     // until a role is asked for again that gave none
)

func (o Options) credentials() *credentials.Credentials {
	switch {
	case o.Credentials != nil:
		return o.Credentials
	case o.Anonymous:
		return credentials.New(&credentials.Static{Value: credentials.Value{SignerType: credentials.SignatureAnonymous}})
	case o.Access != "":
		return credentials.NewStaticV4(o.Access, o.Secret, o.Session)
	}
	return credentials.New(&found{
		role:    &credentials.IAM{Client: &http.Client{Transport: roleTransport()}},
		timeout: roleTimeout, pause: rolePause,
	})
}

// found looks for credentials where they mostly are: in the environment, then
// with the role of the container or the instance. A role that gives none is left
// alone for a while, so that a host without one pays once and not with each
// request. The caller keeps calls apart, as credentials.Credentials does.
type found struct {
	credentials.Provider // of the credentials that were given out; nil before that

	role           credentials.Provider
	timeout, pause time.Duration

	failed error
	again  time.Time // not before that
}

var errNoCredentials = errors.New("no credentials for the bucket: neither Access and Secret, nor AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, nor a role; for a bucket that anybody may read say Anonymous")

func (f *found) RetrieveWithCredContext(cc *credentials.CredContext) (credentials.Value, error) {
	environment := &credentials.EnvAWS{}
	if v, err := environment.RetrieveWithCredContext(cc); err == nil && v.AccessKeyID != "" && v.SecretAccessKey != "" {
		f.Provider = environment
		return v, nil
	}
	if time.Now().Before(f.again) {
		return credentials.Value{}, f.failed
	}
	parent := cc.Context
	if parent == nil {
		parent = context.Background()
	}
	ctx, cancel := context.WithTimeout(parent, f.timeout)
	defer cancel()
	v, err := f.ask(ctx)
	if err == nil {
		f.Provider = f.role
		return v, nil
	}
	if parent.Err() != nil {
		return credentials.Value{}, context.Cause(parent)
	}
	f.failed, f.again = fmt.Errorf("%w (%w)", errNoCredentials, err), time.Now().Add(f.pause)
	return credentials.Value{}, f.failed
}

func (f *found) ask(ctx context.Context) (credentials.Value, error) {
	if os.Getenv("AWS_EC2_METADATA_DISABLED") == "true" && !hasRoleOfContainer() {
		return credentials.Value{}, errors.New("AWS_EC2_METADATA_DISABLED is set")
	}
	v, err := f.role.RetrieveWithCredContext(&credentials.CredContext{Context: ctx})
	switch {
	case ctx.Err() != nil:
		return v, fmt.Errorf("the metadata service did not answer within %v", f.timeout)
	case err == nil && (v.AccessKeyID == "" || v.SecretAccessKey == ""):
		return v, errors.New("the metadata service gave an empty answer")
	}
	return v, err
}

// Retrieve is what the interface had before contexts.
func (f *found) Retrieve() (credentials.Value, error) {
	return f.RetrieveWithCredContext(&credentials.CredContext{})
}

func (f *found) IsExpired() bool { return f.Provider == nil || f.Provider.IsExpired() }

func hasRoleOfContainer() bool {
	for _, name := range []string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE"} {
		if os.Getenv(name) != "" {
			return true
		}
	}
	return false
}

// roleTransport asks the metadata services directly: they are on the host, and
// no proxy can reach them.
func roleTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = func(req *http.Request) (*url.URL, error) {
		if strings.HasPrefix(req.URL.Host, "169.254.") {
			return nil, nil
		}
		return http.ProxyFromEnvironment(req)
	}
	return t
}

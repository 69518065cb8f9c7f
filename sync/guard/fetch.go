package guard

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"shlkiosk/sync/phi"
)

// maxErrorBody is how much of an answer that is not a success is read.
const maxErrorBody = 64 << 10

// Request is one exchange.
type Request struct {
	Method      string // GET or POST
	URL         *url.URL
	Accept      string
	ContentType string
	Body        []byte      // of a POST; may be wiped as soon as Fetch returns
	Bearer      *phi.Secret // sent as an Authorization header, never across origins
	MaxBytes    int64       // ceiling of a 2xx body, after content decoding
	Budget      *Budget     // ceiling shared with other requests, or nil
	NoRedirects bool        // a POST never follows one in any case
	// Refuse looks at the head of a 2xx answer and may stop it before its body
	// is read. Its error is returned as it is.
	Refuse func(status int, header http.Header) error
}

// Response is the answer with its body read and the connection closed.
type Response struct {
	Status int
	Header http.Header
	// Body is whole for a 2xx; otherwise at most 64 kB of it.
	Body []byte
	// Host is where the answer came from after redirects.
	Host string
	// Date is the server's clock, zero when it sent none.
	Date time.Time
}

// Budget is a number of bytes that several requests may use together.
type Budget struct{ left atomic.Int64 }

// NewBudget returns a Budget of n bytes.
func NewBudget(n int64) *Budget {
	b := &Budget{}
	b.left.Store(n)
	return b
}

func (b *Budget) take(n int) bool { return b == nil || b.left.Add(-int64(n)) >= 0 }

// Fetch makes the request, once. Every HTTP status is a Response; the error is
// an *Error, or what Request.Refuse returned.
func (g *Guard) Fetch(ctx context.Context, req Request) (*Response, error) {
	if req.URL == nil {
		return nil, &Error{Reason: BadURL, Rule: "empty"}
	}
	u, err := g.CheckURL(req.URL.String())
	if err != nil {
		return nil, err
	}
	host := hostOf(u)
	ctx, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()

	redirects := 0
	if req.Method == http.MethodGet && !req.NoRedirects && req.Bearer == nil {
		redirects = g.redirects
	}
	r := g.client.R().SetContext(context.WithValue(ctx, redirectsKey{}, redirects))
	if req.Accept != "" {
		r.SetHeader("Accept", req.Accept)
	}
	if req.Bearer.Len() > 0 {
		_ = req.Bearer.Use(func(b []byte) error { r.SetHeader("Authorization", "Bearer "+string(b)); return nil })
	}
	if req.Body != nil {
		r.SetHeader("Content-Type", req.ContentType).SetBody(bytes.NewReader(req.Body))
	}
	res, err := r.Execute(req.Method, u.String())
	if res != nil && res.RawResponse != nil && res.RawResponse.Body != nil {
		defer res.RawResponse.Body.Close()
	}
	if err != nil {
		return nil, classify(ctx, err, host)
	}
	raw := res.RawResponse
	out := &Response{Status: raw.StatusCode, Header: raw.Header, Host: host}
	if raw.Request != nil && raw.Request.URL != nil {
		out.Host = hostOf(raw.Request.URL)
	}
	if t, err := http.ParseTime(raw.Header.Get("Date")); err == nil {
		out.Date = t
	}
	if out.Status < 200 || out.Status > 299 {
		// The body only helps to tell one refusal from another.
		out.Body, _ = io.ReadAll(io.LimitReader(raw.Body, maxErrorBody))
		if err := ctx.Err(); err != nil {
			return nil, classify(ctx, err, out.Host)
		}
		return out, nil
	}
	if compressed(raw.Header.Get("Content-Encoding")) {
		// We only offered gzip, and the transport has taken that off already.
		return nil, &Error{Reason: Encoding, Host: out.Host}
	}
	if req.Refuse != nil {
		if err := req.Refuse(out.Status, raw.Header); err != nil {
			return nil, err
		}
	}
	out.Body, err = readBody(raw, req.MaxBytes, req.Budget)
	if err != nil {
		e := classify(ctx, err, out.Host)
		e.Host = out.Host
		return nil, e
	}
	return out, nil
}

// compressed knows the encodings that change the bytes. Others that servers
// leave behind ("identity", "utf-8", "aws-chunked") do not.
func compressed(encoding string) bool {
	for _, e := range strings.Split(strings.ToLower(encoding), ",") {
		switch strings.TrimSpace(e) {
		case "gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz":
			return true
		}
	}
	return false
}

// readBody reads to the end, counting. A length that was announced honestly is
// allocated once: a record is read into exactly its own size.
func readBody(raw *http.Response, ceiling int64, budget *Budget) ([]byte, error) {
	if raw.ContentLength > ceiling {
		return nil, &Error{Reason: TooLarge, Rule: "content-length"}
	}
	size := int64(32 << 10)
	if raw.ContentLength >= 0 {
		size = raw.ContentLength + 1 // one more, so that the end is seen without growing
	}
	buf := make([]byte, 0, size)
	for {
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(2*int64(cap(buf)), ceiling+1))
			copy(grown, buf)
			phi.Wipe(buf)
			buf = grown
		}
		n, err := raw.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > ceiling {
			return nil, &Error{Reason: TooLarge, Rule: "body"}
		}
		if !budget.take(n) {
			return nil, &Error{Reason: TooLarge, Rule: "altogether"}
		}
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

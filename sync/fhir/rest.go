package fhir

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Capabilities is what a CapabilityStatement promises. Servers leave things
// out (Medplum and Aidbox have $match and do not list it): absence here is a
// reason to ask and see, not proof.
type Capabilities struct {
	Date        time.Time // the server's clock; zero when it sent none
	FHIRVersion string
	Software    string // name and version
	Transaction bool
	Batch       bool
	Types       map[string]TypeCapability
}

// TypeCapability is what is promised for one resource type.
type TypeCapability struct {
	Interactions      []string // read, create, update, delete, search-type, ...
	SearchParams      []string
	ConditionalCreate bool
}

// Can tells whether the interaction is listed for the type.
func (c Capabilities) Can(typ, interaction string) bool {
	return slices.Contains(c.Types[typ].Interactions, interaction)
}

// Searches tells whether the search parameter is listed for the type.
func (c Capabilities) Searches(typ, param string) bool {
	return slices.Contains(c.Types[typ].SearchParams, param)
}

// Capabilities gets {base}/metadata.
func (c *Client) Capabilities(ctx context.Context) (Capabilities, error) {
	a, err := c.call(ctx, "capabilities", http.MethodGet, c.url("metadata", nil), nil, nil)
	if err != nil {
		return Capabilities{}, err
	}
	r, err := c.resource("capabilities", a)
	if err != nil {
		return Capabilities{}, err
	}
	if r.Type() != "CapabilityStatement" {
		return Capabilities{}, &Error{Op: "capabilities", Reason: ReasonAnswer, Offset: -1}
	}
	out := Capabilities{FHIRVersion: r.Get("fhirVersion").String(), Types: map[string]TypeCapability{}}
	out.Date, _ = http.ParseTime(a.header.Get("Date"))
	out.Software = strings.TrimSpace(r.Get("software", "name").String() + " " + r.Get("software", "version").String())
	for _, rest := range r.Get("rest").Elements() {
		if rest.Get("mode").String() != "server" {
			continue
		}
		for _, i := range rest.Get("interaction").Elements() {
			switch i.Get("code").String() {
			case "transaction":
				out.Transaction = true
			case "batch":
				out.Batch = true
			}
		}
		for _, t := range rest.Get("resource").Elements() {
			tc := TypeCapability{ConditionalCreate: t.Get("conditionalCreate").Bool()}
			for _, i := range t.Get("interaction").Elements() {
				tc.Interactions = append(tc.Interactions, i.Get("code").String())
			}
			for _, p := range t.Get("searchParam").Elements() {
				tc.SearchParams = append(tc.SearchParams, p.Get("name").String())
			}
			out.Types[t.Get("type").String()] = tc
		}
	}
	return out, nil
}

// ErrTruncated comes with the results so far when a search had more pages than
// the caller wanted to see.
var ErrTruncated = errors.New("fhir: more results than asked for")

// Search gets all pages of a search of one type. Only entries that match are
// returned: included resources and outcomes are not. A next link to another
// origin is an error, not a request. max bounds the resources; when there are
// more, the first max come with ErrTruncated.
func (c *Client) Search(ctx context.Context, typ string, params url.Values, max int) ([]Resource, error) {
	if !typeName(typ) {
		return nil, &Error{Op: "search", Reason: ReasonUnsafeAddress, Offset: -1}
	}
	op := "search " + typ
	var out []Resource
	next := c.url(typ, params)
	seen := map[string]bool{}
	for next != "" {
		if seen[next] {
			return out, &Error{Op: op, Reason: ReasonAnswer, Offset: -1, Err: errors.New("paging goes in a circle")}
		}
		seen[next] = true
		a, err := c.call(ctx, op, http.MethodGet, next, nil, nil)
		if err != nil {
			return nil, err
		}
		page, err := c.resource(op, a)
		if err != nil {
			return nil, err
		}
		v := page.Value()
		if page.Type() != "Bundle" {
			return nil, &HTTPError{Op: op, Status: a.status, Outcome: ParseOutcome(v)}
		}
		for _, e := range v.Get("entry").Elements() {
			if mode := e.Get("search", "mode").String(); mode != "" && mode != "match" {
				continue
			}
			r := view(e.Get("resource").raw)
			if r.typ != typ {
				continue
			}
			if len(out) >= max {
				return out, ErrTruncated
			}
			out = append(out, r)
		}
		if next, err = c.nextPage(v); err != nil {
			return out, err
		}
	}
	return out, nil
}

// nextPage returns the next link of a searchset, "" at its end.
func (c *Client) nextPage(searchset Value) (string, error) {
	for _, l := range searchset.Get("link").Elements() {
		if l.Get("relation").String() != "next" {
			continue
		}
		u, err := c.sameOrigin(l.Get("url").String())
		if err != nil {
			return "", err
		}
		return u, nil
	}
	return "", nil
}

// sameOrigin resolves an address that the server handed out and refuses it
// when it leads elsewhere: the request carries our token.
func (c *Client) sameOrigin(s string) (string, error) {
	u, err := url.Parse(s)
	if err == nil {
		base := *c.base
		base.Path += "/"
		u = base.ResolveReference(u)
		if u.Scheme == c.base.Scheme && strings.EqualFold(u.Host, c.base.Host) && u.User == nil {
			return u.String(), nil
		}
	}
	return "", &Error{Op: "follow link", Reason: ReasonUnsafeAddress, Offset: -1, Err: errors.New("the link leads to another server")}
}

// Written is the answer to a create or update.
type Written struct {
	Reference string // "Type/id" on the server
	Version   string // from the location or ETag, "" when not said
	Existed   bool   // a conditional create found one: nothing was written
	Resource  Resource
}

// Create posts a resource. ifNoneExist, when not nil, makes it conditional.
func (c *Client) Create(ctx context.Context, r Resource, ifNoneExist url.Values) (Written, error) {
	op := "create " + r.Type()
	h := http.Header{"Prefer": {"return=minimal"}}
	if ifNoneExist != nil {
		h.Set("If-None-Exist", ifNoneExist.Encode())
	}
	a, err := c.call(ctx, op, http.MethodPost, c.url(r.Type(), nil), h, r.raw)
	if err != nil {
		return Written{}, err
	}
	return c.written(op, r.Type(), a)
}

// Update puts a resource in its place. version, when not "", must still be the
// current one (If-Match), else the server answers 412 or 409.
func (c *Client) Update(ctx context.Context, reference string, r Resource, version string) (Written, error) {
	op := "update " + r.Type()
	l, ok := ParseLiteral(reference)
	if !ok || l.Type != r.Type() {
		return Written{}, &Error{Op: op, Reason: ReasonUnsafeAddress, Offset: -1}
	}
	h := http.Header{}
	if version != "" {
		h.Set("If-Match", `W/"`+version+`"`)
	}
	a, err := c.call(ctx, op, http.MethodPut, c.url(l.Local(), nil), h, r.raw)
	if err != nil {
		return Written{}, err
	}
	w, err := c.written(op, r.Type(), a)
	if w.Reference == "" {
		w.Reference, err = l.Local(), nil
	}
	return w, err
}

// Delete removes what an import made and has to take back.
func (c *Client) Delete(ctx context.Context, reference string) error {
	l, ok := ParseLiteral(reference)
	if !ok || l.Base != "" {
		return &Error{Op: "delete", Reason: ReasonUnsafeAddress, Offset: -1}
	}
	_, err := c.call(ctx, "delete "+l.Type, http.MethodDelete, c.url(l.Local(), nil), nil, nil)
	if s := Status(err); s == http.StatusNotFound || s == http.StatusGone {
		return nil
	}
	return err
}

func (c *Client) written(op, typ string, a answer) (Written, error) {
	w := Written{Existed: a.status == http.StatusOK, Version: etag(a.header.Get("ETag"))}
	if r, err := ParseResource(a.body, c.opt.Limits); err == nil {
		if o := ParseOutcome(r.Value()); o.Failed() {
			return Written{}, &HTTPError{Op: op, Status: a.status, Outcome: o}
		}
		if r.Type() == typ {
			w.Resource = r
			w.Reference = typ + "/" + r.ID()
		}
	}
	where := a.header.Get("Location")
	if where == "" {
		where = a.header.Get("Content-Location")
	}
	if l, ok := locationOf(where); ok && l.Type == typ {
		w.Reference = l.Local()
		if l.Version != "" {
			w.Version = l.Version
		}
	}
	if w.Reference == "" {
		return w, &Error{Op: op, Reason: ReasonAnswer, Offset: -1, Err: errors.New("no location in the answer")}
	}
	return w, nil
}

// locationOf reads a location, absolute or relative, with or without history.
func locationOf(s string) (Literal, bool) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "/")
	if l, ok := ParseLiteral(s); ok {
		return l, true
	}
	// A path-absolute location ("/fhir/Patient/1"): its tail is what counts.
	if i := strings.Index(s, "://"); i < 0 {
		return ParseLiteral("https://x/" + s)
	}
	return Literal{}, false
}

func etag(s string) string {
	return strings.Trim(strings.TrimPrefix(strings.TrimSpace(s), "W/"), `"`)
}

// Operation posts to {base}/path, for example "Patient/$match", and returns
// the resource that comes back.
func (c *Client) Operation(ctx context.Context, path string, params Resource) (Resource, error) {
	op := "operation"
	if i := strings.LastIndexByte(path, '$'); i >= 0 && !strings.ContainsAny(path[i:], "?/# ") {
		op += " " + path[i:]
	}
	a, err := c.call(ctx, op, http.MethodPost, c.url(path, nil), nil, params.raw)
	if err != nil {
		return Resource{}, err
	}
	return c.resource(op, a)
}

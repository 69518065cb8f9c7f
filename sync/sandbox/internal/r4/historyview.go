package r4

import (
	"slices"
	"strconv"
)

// history answers the versions of one resource, newest first.
func (srv *Server) history(t *tx, k Key) (*answer, error) {
	versions := t.history(k)
	if len(versions) == 0 {
		return nil, fail(404, "not-found", "Resource "+k.String()+" is not known")
	}
	return srv.historyBundle(t, versions, srv.opt.Base+"/"+k.String()+"/_history"), nil
}

// historyOf answers the versions of a type, or of all types (""), newest first.
func (srv *Server) historyOf(t *tx, rq *request, kind string) (*answer, error) {
	var all []*Record
	for k := range t.s.past {
		if kind == "" || k.Type == kind {
			all = append(all, t.s.past[k]...)
		}
	}
	if since, ok := parseSpan(rq.query.Get("_since")); ok {
		all = slices.DeleteFunc(all, func(r *Record) bool { return r.Updated.Before(since.from) })
	}
	slices.SortFunc(all, func(a, b *Record) int {
		if c := b.Updated.Compare(a.Updated); c != 0 {
			return c
		}
		if a.seq != b.seq {
			return int(b.seq) - int(a.seq)
		}
		return b.Version - a.Version
	})
	if n, err := strconv.Atoi(rq.query.Get("_count")); err == nil && n >= 0 {
		all = all[:min(n, len(all))]
	}
	self := srv.opt.Base + "/_history"
	if kind != "" {
		self = srv.opt.Base + "/" + kind + "/_history"
	}
	return srv.historyBundle(t, all, self), nil
}

func (srv *Server) historyBundle(t *tx, versions []*Record, self string) *answer {
	total := len(versions)
	out := bundleJSON{ResourceType: "Bundle", ID: NewUUID(), Type: "history", Timestamp: instant(t.now), Total: &total, Link: []linkJSON{{"self", self}}}
	for _, r := range versions {
		e := entryJSON{FullURL: srv.opt.Base + "/" + r.String(), Resource: r.Raw}
		e.Request = &requestJSON{r.Method, r.String()}
		status := 200
		switch {
		case r.Method == "POST":
			e.Request.URL = r.Type
			status = 201
		case r.Method == "DELETE":
			status = 204
		case r.Version == 1:
			status = 201
		}
		e.Response = &responseJSON{Status: srv.behaviour().status(status), ETag: r.ETag(), LastModified: instant(r.Updated)}
		out.Entry = append(out.Entry, e)
	}
	return &answer{status: 200, body: encode(out)}
}

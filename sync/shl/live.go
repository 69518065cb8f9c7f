package shl

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"shlkiosk/sync/guard"
	"shlkiosk/sync/phi"
)

// maxLiveQueries bounds what one smart-api-access file can make us ask.
const maxLiveQueries = 20

// access is a smart-api-access file: a token response with the FHIR base it is
// for (aud) and hints at what to ask (query).
type access struct {
	token   *phi.Secret
	base    string
	queries []string
}

func (a *access) wipe() {
	if a != nil {
		a.token.Wipe()
	}
}

// takeAccess keeps the host of an api-access file for showing and the token
// until the end of Resolve, and wipes the rest.
func (f *File) takeAccess() {
	m, err := members(trimBOM(f.Bytes))
	if err == nil {
		a := &access{token: secretText(m["access_token"])}
		a.base, _ = text(m["aud"])
		_ = json.Unmarshal(m["query"], &a.queries)
		for _, raw := range m {
			phi.Wipe(raw)
		}
		if u, err := url.Parse(a.base); err == nil {
			f.APIHost = u.Host
		}
		f.access = a
	}
	phi.Wipe(f.Bytes)
	f.Bytes = nil
}

// secretText reads a JSON string without making a Go string of it. A token has
// no characters that JSON escapes (RFC 6750 2.1); one that has is not taken.
func secretText(raw json.RawMessage) *phi.Secret {
	if len(raw) < 3 || raw[0] != '"' || bytes.ContainsAny(raw, "\\ \r\n") {
		return nil
	}
	return phi.NewSecret(bytes.Clone(raw[1 : len(raw)-1]))
}

// liveAccess makes the queries of api-access files where that is switched on,
// and wipes the tokens in any case.
func (v *visit) liveAccess() {
	var found []File
	for i := range v.rec.Files {
		f := &v.rec.Files[i]
		if f.access == nil {
			continue
		}
		if v.r.live && f.access.token.Len() > 0 {
			found = append(found, v.ask(f.access, f.Index)...)
		}
		f.access.wipe()
		f.access = nil
	}
	v.rec.Files = append(v.rec.Files, found...)
}

// ask makes each query once. The token goes to the server of aud and to no
// other: queries are relative, redirects are off.
func (v *visit) ask(a *access, index int) []File {
	var found []File
	for _, q := range a.queries[:min(len(a.queries), maxLiveQueries)] {
		got, err := v.query(a, q)
		if err != nil {
			v.rec.Problems = append(v.rec.Problems, Problem{Index: index, Stage: err.Stage, Reason: err.Reason, Host: err.Host,
				Status: err.Status, Rule: err.Rule, ContentType: TypeAPIAccess})
			continue
		}
		got.Index = index
		found = append(found, *got)
	}
	return found
}

func (v *visit) query(a *access, q string) (*File, *Error) {
	u, err := liveURL(a.base, q)
	if err != nil {
		return nil, err
	}
	res, ferr := v.r.guard.Fetch(v.ctx, guard.Request{
		Method: http.MethodGet, URL: u, Accept: TypeFHIR, Bearer: a.token,
		MaxBytes: v.r.limits.Inflated, Budget: v.budget, Refuse: refuseHTML, NoRedirects: true,
	})
	if ferr != nil {
		return nil, v.hosted(fromGuard(ferr), u)
	}
	f := &File{Bytes: res.Body}
	if res.Status != http.StatusOK {
		return nil, &Error{Stage: StageRetrieve, Reason: FileEntry, Host: res.Host, Status: res.Status, Rule: "live query"}
	}
	if err := judge(f, "", res.Header.Get("Content-Type")); err != nil || f.Content != ContentFHIR {
		f.Wipe()
		return nil, &Error{Stage: StageRetrieve, Reason: FileEntry, Host: res.Host, Rule: "live query: not FHIR"}
	}
	f.note(NoteLive)
	if bytes.Contains(f.Bytes, []byte(`"relation":"next"`)) || bytes.Contains(f.Bytes, []byte(`"relation": "next"`)) {
		f.note(NoteLiveMore)
	}
	return f, nil
}

// liveURL joins a hint to its base. A hint is a relative query such as
// "Coverage?patient=123"; anything that could leave the base is refused.
func liveURL(base, q string) (*url.URL, *Error) {
	bad := fail(StageRetrieve, FileEntry, "live query: form")
	path, query, _ := strings.Cut(q, "?")
	decoded, err := url.PathUnescape(path)
	if err != nil || decoded == "" || strings.HasPrefix(decoded, "/") || strings.Contains(decoded, "..") ||
		strings.ContainsAny(decoded, `:\#`) || strings.ContainsAny(query, "#\\ \t\r\n") {
		return nil, bad
	}
	u, perr := guard.ParseURL(strings.TrimRight(base, "/") + "/" + path)
	if perr != nil || u.RawQuery != "" {
		return nil, bad
	}
	u.RawQuery = query
	return u, nil
}

package shl

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestLiveAccess(t *testing.T) {
	const token = "TOKEN-1234567890"
	var bearer []string
	evil := newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) {})
	var s *server
	var l *Link
	s = newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		switch {
		case r.URL.Path == "/link":
			queries := []string{`"Coverage?patient=1"`, `"Patient/1"`, `"gone"`, `"moved"`, `"html"`,
				fmt.Sprintf("%q", evil.URL+"/x"), `"//` + strings.TrimPrefix(evil.URL, "http://") + `/x"`, `"../admin"`, `"%2e%2e/admin"`, `"/etc"`, `""`, `"a#b"`, `"x?y=#"`}
			io.WriteString(w, mustSeal(t, l, `{"access_token":"`+token+`","token_type":"bearer","aud":"`+s.URL+`/fhir/","query":[`+strings.Join(queries, ",")+`]}`,
				SealOptions{ContentType: TypeAPIAccess}))
		case strings.HasPrefix(r.URL.Path, "/fhir/"):
			s.mu.Lock()
			bearer = append(bearer, r.Header.Get("Authorization")+" "+r.URL.RequestURI())
			s.mu.Unlock()
			switch r.URL.Path {
			case "/fhir/gone":
				w.WriteHeader(404)
			case "/fhir/moved":
				http.Redirect(w, r, evil.URL, http.StatusFound)
			case "/fhir/html":
				io.WriteString(w, "<html>")
			default:
				w.Header().Set("Content-Type", "application/fhir+json; charset=utf-8")
				io.WriteString(w, `{"resourceType":"Bundle","link":[{"relation":"next"}]}`)
			}
		default:
			t.Errorf("request for %s", r.URL)
		}
	})
	l = mustLink(t, s.URL+"/link", "U")
	off, err := s.resolver(t).Resolve(context.Background(), l, nil)
	if err != nil || len(off.Files) != 1 || off.Files[0].Content != ContentAPI || off.Files[0].Bytes != nil || len(s.requests()) != 1 {
		t.Fatalf("switched off: %+v %v after %d requests", off, err, len(s.requests()))
	}
	on, err := s.resolver(t, func(o *Options) { o.LiveAccess = true }).Resolve(context.Background(), l, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(on.Files) != 3 || on.Files[1].Content != ContentFHIR || fmt.Sprint(on.Files[1].Notes) != fmt.Sprint([]Note{NoteLive, NoteLiveMore}) || !on.Partial {
		t.Errorf("files %+v", on.Files)
	}
	if len(on.Problems) != 11 {
		t.Errorf("%d problems: %+v", len(on.Problems), on.Problems)
	}
	want := []string{"/fhir/Coverage?patient=1", "/fhir/Patient/1", "/fhir/gone", "/fhir/moved", "/fhir/html"}
	if len(bearer) != len(want) {
		t.Fatalf("requests %q", bearer)
	}
	for i, b := range bearer {
		if b != "Bearer "+token+" "+want[i] {
			t.Errorf("request %q, want %s", b, want[i])
		}
	}
	if n := len(evil.requests()); n != 0 {
		t.Errorf("%d requests to another origin", n)
	}
	for _, rec := range []*Record{off, on} {
		if strings.Contains(fmt.Sprintf("%+v %#v", rec, rec), token) {
			t.Error("the token is in the record")
		}
		for _, f := range rec.Files {
			if f.access != nil {
				t.Error("the access outlives Resolve")
			}
		}
	}
}

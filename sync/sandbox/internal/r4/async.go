package r4

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// jobs are the requests answered later.
type jobs struct {
	mu  sync.Mutex
	all map[string]*job
}

type job struct {
	asked  time.Time
	polls  int // still to be answered 202
	status int
	body   []byte
}

// startJob works on a bundle and keeps its answer for the polls.
func (srv *Server) startJob(r *http.Request, body []byte, pf prefer) *answer {
	j := &job{asked: srv.now(), polls: srv.behaviour().AsyncPolls}
	a, err := srv.bundle(r.Context(), body, pf)
	if err != nil {
		o := asOutcome(err)
		j.status, j.body = o.Status, o.JSON()
	} else {
		j.status, j.body = a.status, a.body
	}
	id := NewUUID()
	srv.jobs.mu.Lock()
	if srv.jobs.all == nil {
		srv.jobs.all = map[string]*job{}
	}
	srv.jobs.all[id] = j
	srv.jobs.mu.Unlock()
	return &answer{status: http.StatusAccepted, body: allOK(202, "Accepted").JSON(), headers: map[string]string{
		"Content-Location": srv.opt.Base + "/job/" + id + "/status",
	}}
}

// jobPath takes "job/ID/status" apart.
func jobPath(path string) (id, rest string, ok bool) {
	below, ok := strings.CutPrefix(path, "job/")
	if !ok {
		return "", "", false
	}
	id, rest, _ = strings.Cut(below, "/")
	return id, rest, true
}

func (srv *Server) jobStatus(method, id, rest string) (*answer, error) {
	srv.jobs.mu.Lock()
	defer srv.jobs.mu.Unlock()
	j, ok := srv.jobs.all[id]
	if !ok || rest != "status" {
		return nil, fail(404, "not-found", "no such job")
	}
	if method == http.MethodDelete {
		delete(srv.jobs.all, id)
		return &answer{status: http.StatusAccepted}, nil
	}
	medplum := srv.behaviour().AsyncStyle == "medplum"
	if j.polls > 0 {
		j.polls--
		a := &answer{status: http.StatusAccepted, headers: map[string]string{"X-Progress": "in progress", "Retry-After": "1"}}
		if medplum {
			a.body = srv.asyncJob(id, j, "accepted")
		}
		return a, nil
	}
	if medplum {
		return &answer{status: 200, body: srv.asyncJob(id, j, "completed")}, nil
	}
	out := bundleJSON{ResourceType: "Bundle", Type: "batch-response", Timestamp: instant(srv.now())}
	e := entryJSON{Response: &responseJSON{Status: srv.behaviour().status(j.status)}}
	if j.status >= 400 {
		e.Response.Outcome = j.body
	} else {
		e.Resource = j.body
	}
	out.Entry = []entryJSON{e}
	return &answer{status: 200, body: encode(out)}, nil
}

func (srv *Server) asyncJob(id string, j *job, status string) []byte {
	out := map[string]any{
		"resourceType": "AsyncJob", "id": id, "status": status,
		"requestTime": instant(j.asked), "request": srv.opt.Base,
	}
	if status == "completed" {
		if j.status >= 400 {
			out["status"] = "error"
			out["output"] = map[string]any{"resourceType": "Parameters", "parameter": []any{
				map[string]any{"name": "outcome", "resource": json.RawMessage(j.body)}}}
		} else {
			out["transactionTime"] = instant(srv.now())
			out["output"] = map[string]any{"resourceType": "Parameters", "parameter": []any{
				map[string]any{"name": "results", "valueReference": map[string]any{"reference": "Binary/job-" + id}}}}
		}
	}
	return encode(out)
}

// jobBinary serves the result of a finished job that AsyncJob.output points to.
func (srv *Server) jobBinary(method, path string) (*answer, bool) {
	id, ok := strings.CutPrefix(path, "Binary/job-")
	if !ok || method != http.MethodGet {
		return nil, false
	}
	srv.jobs.mu.Lock()
	defer srv.jobs.mu.Unlock()
	j, ok := srv.jobs.all[id]
	if !ok || j.polls > 0 {
		return nil, false
	}
	return &answer{status: 200, body: j.body, headers: map[string]string{"Content-Length": fmt.Sprint(len(j.body))}}, true
}

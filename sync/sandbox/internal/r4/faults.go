package r4

import (
	"net/http"
	"strconv"
	"time"
)

// strike gives the fault that hits this request, nil for none.
func (b *behaving) strike(method, what string) *Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.Faults {
		f := &b.Faults[i]
		if f.Method != "" && f.Method != method || !f.fits(what) {
			continue
		}
		b.met[i]++
		if b.met[i] <= f.Skip || f.Times > 0 && b.met[i] > f.Skip+f.Times {
			continue
		}
		return f
	}
	return nil
}

func (f *Fault) fits(what string) bool {
	switch f.What {
	case "", what:
		return true
	case "bundle":
		return what == "transaction" || what == "batch"
	}
	return false
}

// drop closes the connection without an answer.
func (ex *exchange) drop() {
	ex.srv.counts.status(0)
	panic(http.ErrAbortHandler) // net/http's way to abort: no answer, no log
}

func (ex *exchange) refuse(status int) {
	if ex.fault.RetryAfter != "" {
		ex.w.Header().Set("Retry-After", ex.fault.RetryAfter)
	}
	code := "transient"
	if status == 429 {
		code = "throttled"
	}
	body := fail(status, code, "this answer was asked for by a fault switch").JSON()
	ex.w.Header().Set("Content-Type", fhirJSON)
	ex.srv.counts.status(status)
	ex.w.WriteHeader(status)
	_, _ = ex.w.Write(body) // the client may be gone
}

// struckBefore lets a fault act before the work; true: the exchange is over.
func (ex *exchange) struckBefore() bool {
	if ex.b.Down {
		ex.drop()
	}
	if ex.fault == nil {
		return false
	}
	switch ex.fault.Kind {
	case "status":
		ex.refuse(ex.fault.Status)
	case "drop-before":
		ex.drop()
	case "hang":
		select {
		case <-ex.r.Context().Done():
		case <-ex.srv.opt.Done:
		}
		ex.drop()
	case "garbage":
		ex.srv.counts.status(200)
		ex.w.Header().Set("Content-Type", "text/html")
		_, _ = ex.w.Write([]byte("<html><body>Please sign in</body></html>"))
	default:
		return false
	}
	return true
}

// struckAfter lets a fault act after the work; true: the exchange is over.
func (ex *exchange) struckAfter(status int, body []byte) bool {
	if ex.fault == nil {
		return false
	}
	switch ex.fault.Kind {
	case "drop-after":
		ex.drop()
	case "status-after":
		for _, name := range []string{"ETag", "Location", "Last-Modified"} {
			ex.w.Header().Del(name)
		}
		ex.refuse(ex.fault.Status)
	case "truncate":
		ex.srv.counts.status(status)
		ex.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		ex.w.WriteHeader(status)
		_, _ = ex.w.Write(body[:len(body)/2])
		panic(http.ErrAbortHandler)
	case "drip":
		ex.srv.counts.status(status)
		ex.drip(status, body)
	default:
		return false
	}
	return true
}

// drip sends the answer a byte at a time until the client has enough.
func (ex *exchange) drip(status int, body []byte) {
	ex.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	ex.w.WriteHeader(status)
	flush := http.NewResponseController(ex.w)
	tick := time.NewTicker(max(time.Duration(ex.fault.DripMillis)*time.Millisecond, time.Millisecond))
	defer tick.Stop()
	for i := range body {
		select {
		case <-tick.C:
		case <-ex.r.Context().Done():
			return
		case <-ex.srv.opt.Done:
			return
		}
		if _, err := ex.w.Write(body[i : i+1]); err != nil {
			return
		}
		if flush.Flush() != nil {
			return
		}
	}
}

package engine

import (
	"context"
	"errors"
	"strings"

	"shlkiosk/sync/intake"
	"shlkiosk/sync/match"
	"shlkiosk/sync/phi"
	"shlkiosk/sync/shc"
	"shlkiosk/sync/shl"
	"shlkiosk/ui/flow"
)

// IsHealthCode tells texts that the kiosk is for from others that may be in
// view: SMART Health Links, bare or behind a viewer's address, and cards.
func IsHealthCode(text string) bool {
	low := strings.ToLower(text)
	return strings.Contains(low, "shlink:/") || strings.Contains(low, "shlink%3a/") ||
		strings.HasPrefix(strings.TrimSpace(low), "shc:/") || strings.Contains(low, "#shc:/")
}

func allChunks(texts map[string]bool) bool {
	for t := range texts {
		if shl.Classify(t) != shl.KindCardChunk {
			return false
		}
	}
	return true
}

// Text takes what the camera read, a scanner typed or staff pasted.
func (k *Kiosk) Text(text string) {
	k.post(func() { k.text(k.run, text) })
}

func (k *Kiosk) text(ctx context.Context, text string) {
	if s := k.state.Screen; s != flow.Scan && s != flow.Attract {
		return // a visit is under way; the same code is seen again and again
	}
	k.step(ctx, k.understand(text))
}

// ShowCode opens the scan screen if nobody is there, for the demo's click on a
// patient: the camera then sees the code.
func (k *Kiosk) ShowCode() {
	k.post(func() {
		if k.state.Screen == flow.Attract {
			k.step(k.run, flow.Press{Action: flow.ActStart})
		}
	})
}

// understand says what a text is and holds what is needed of it.
func (k *Kiosk) understand(text string) flow.Scanned {
	core := k.o.Core
	switch kind := shl.Classify(text); kind {
	case shl.KindLink:
		link, err := shl.ParseWith(text, k.now(), core.Config.Retrieval.Skew)
		if err == nil {
			err = core.Resolver.Check(link)
		}
		if err != nil {
			link.Wipe()
			out := flow.Scanned{Kind: flow.CodeOther, Reason: flow.Reason(shl.ReasonOf(err))}
			var e *shl.Error
			if errors.As(err, &e) {
				out.ExpiredAt = e.Expired
			}
			return out
		}
		k.v.link.Wipe()
		k.v.link = link
		return flow.Scanned{Kind: flow.CodeLink, Passcode: link.NeedsPasscode()}
	case shl.KindCard, shl.KindCardJWS, shl.KindCardFile:
		k.v.card = text
		return flow.Scanned{Kind: flow.CodeCard}
	case shl.KindCardChunk:
		if k.v.cards == nil {
			k.v.cards = shc.NewCollector(k.o.Core.Env.Now)
		}
		p, err := k.v.cards.Add(text)
		if err != nil {
			return flow.Scanned{Kind: flow.CodeOther, Reason: flow.Reason(shc.ReasonOf(err))}
		}
		if p.Complete {
			k.v.card = p.Card
			return flow.Scanned{Kind: flow.CodeCard}
		}
		return flow.Scanned{Kind: flow.CodePart, Have: p.Have, Of: p.Of}
	default:
		return flow.Scanned{Kind: flow.CodeOther, Reason: flow.Reason(kind)}
	}
}

// resolve opens the link or card beside the kiosk's goroutine.
func (k *Kiosk) resolve(ctx context.Context, e flow.Resolve) {
	link, card, vctx := k.v.link, k.v.card, k.v.ctx
	go func() {
		defer e.Passcode.Wipe()
		var opened *Opened
		var err error
		phi.Washed(func() {
			if card != "" {
				opened, err = k.o.Core.OpenCard(vctx, card)
			} else {
				opened, err = k.o.Core.OpenLink(vctx, link, e.Passcode)
			}
		})
		k.post(func() { k.opened(ctx, vctx, e, opened, err) })
	}()
}

func (k *Kiosk) opened(ctx, vctx context.Context, e flow.Resolve, o *Opened, err error) {
	if vctx != k.v.ctx || e.Visit != k.state.Visit || k.state.Screen != flow.Fetching {
		o.Wipe() // came for a visit that is over
		return
	}
	if err == nil {
		view, verr := k.o.Core.Summary(o)
		if verr == nil {
			k.v.opened, k.v.view = o, &view
			k.v.link.Wipe()
			k.note("fetched", "ok", o.Host)
			k.step(ctx, flow.Fetched{Visit: e.Visit})
			return
		}
		o.Wipe()
		err = &Refusal{Stage: "bundle", Reason: "content-empty", Err: verr}
	}
	f := failure(err)
	f.Visit = e.Visit
	k.note("fetched", string(f.Reason), "")
	k.step(ctx, f)
}

// failure turns an error of the rooms into the flow's event.
func failure(err error) flow.FetchFailed {
	f := flow.FetchFailed{Reason: "unknown", Left: -1}
	var e *shl.Error
	var r *Refusal
	switch {
	case errors.As(err, &e):
		f.Reason = flow.Reason(e.Reason)
		switch e.Reason {
		case shl.PasscodeNeeded:
			f.Passcode = true
		case shl.WrongPasscode:
			f.Passcode, f.Wrong = true, true
			if e.Remaining != nil {
				f.Left = *e.Remaining
			}
		case shl.PasscodeLocked:
			f.Passcode, f.Wrong, f.Left = true, true, 0
		case shl.RateLimited:
			f.Wait = e.RetryAfter
		case shl.DNS, shl.Unreachable, shl.TLS, shl.TimedOut, shl.ServerError, shl.EmptyAnswer, shl.HTMLAnswer:
			f.Retry = true
		case shl.Expired, shl.ExpiredAtServer, shl.NotActive:
			f.Retry = true // with a new code from the app
		}
	case errors.As(err, &r):
		f.Reason = flow.Reason(r.Reason)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		f.Reason, f.Retry = flow.ReasonSlowFetch, true
	}
	return f
}

// match asks the clinic's server who this is.
func (k *Kiosk) match(ctx context.Context, e flow.MatchPerson) {
	if !e.BirthDate.Empty() {
		k.v.birth = e.BirthDate
	}
	k.v.second = e.Second
	env, err := k.envelope(e.Who)
	if err != nil || k.o.Chart == nil {
		k.soon(flow.MatchDone{Visit: e.Visit, Outcome: flow.OutcomeLater})
		return
	}
	vctx, chart := k.v.ctx, k.o.Chart
	go func() {
		var d match.Decision
		var err error
		phi.Washed(func() { d, err = chart.Importer.Match(vctx, env) })
		k.post(func() {
			if vctx != k.v.ctx || e.Visit != k.state.Visit {
				return
			}
			outcome := flow.OutcomeLater
			if err == nil {
				k.v.match, k.v.candidates = env.Match, env.Candidates
				outcome = outcomeOf(d, k.o.Core.Config.Identity.Policy)
			} else if c := intake.Classify(err); c.Class != intake.Retry {
				outcome = flow.OutcomeStaff
			}
			k.note("matched", string(outcome), d.Rule)
			k.step(ctx, flow.MatchDone{Visit: e.Visit, Outcome: outcome})
		})
	}()
}

func outcomeOf(d match.Decision, policy string) flow.Outcome {
	switch d.Outcome {
	case match.OutcomeCertain:
		return flow.OutcomeChart
	case match.OutcomeNone:
		if policy == "create" {
			return flow.OutcomeNew
		}
	}
	return flow.OutcomeStaff
}

// store puts the import into the ledger; Stored is said when it is on disk.
func (k *Kiosk) store(ctx context.Context, e flow.Store) {
	env, err := k.envelope(e.Who)
	if err != nil || k.o.Store == nil {
		k.soon(flow.StoreFailed{Visit: e.Visit, Reason: "ledger-closed"})
		return
	}
	env.Consent = k.o.Core.consent(e.Language, e.Who == flow.ForOther)
	env.Match, env.Candidates = k.v.match, k.v.candidates
	park := ""
	if e.Outcome == flow.OutcomeStaff {
		park = string(intake.ReasonMatchUnsure)
	}
	st := k.o.Store
	go func() {
		// Not the visit's context: once the patient has said yes, walking away
		// does not unsay it.
		var code string
		var err error
		phi.Washed(func() { code, err = st.Put(context.WithoutCancel(ctx), env, park) })
		k.post(func() {
			if err != nil {
				k.note("stored", storeReason(err), "")
				k.step(ctx, flow.StoreFailed{Visit: e.Visit, Reason: flow.Reason(storeReason(err))})
				return
			}
			k.step(ctx, flow.Stored{Visit: e.Visit, Receipt: code})
		})
	}()
}

// envelope is the import as far as it is known now.
func (k *Kiosk) envelope(who flow.WhoFor) (*intake.Envelope, error) {
	if k.v.opened == nil {
		return nil, errors.New("nothing is open")
	}
	env := k.o.Core.Envelope(k.v.opened)
	if len(k.v.leftOut) > 0 { // with what only serves the entries left out
		env.LeaveOut = k.v.view.LeaveOut(k.v.leftOut)
	}
	env.Typed = intake.Typed{BirthDate: intake.Fact(k.v.birth.Reveal()), Second: intake.Fact(k.v.second.Reveal())}
	env.OnBehalf = who == flow.ForOther
	return env, nil
}

// handOver opens a case at the desk and tells the patient its code.
func (k *Kiosk) handOver(e flow.HandOver) {
	code := "--"
	if k.o.Store != nil {
		code = k.o.Store.NewCode()
		k.o.Store.HandOver(code, string(e.Reason))
	}
	k.soon(flow.ReceiptMade{Visit: e.Visit, Receipt: code})
}

func (k *Kiosk) note(action, result, detail string) {
	if k.o.Store != nil {
		k.o.Store.Note("kiosk", action, "", result, detail)
	}
}

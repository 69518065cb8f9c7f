package flow

import "time"

// press is a button. Presses right after a change of screen are dropped, and
// the answer to the idle warning never does anything else.
func (t *turn) press(a Action) {
	if t.s.Warning() {
		t.s.Extensions++
		t.alive()
		if a != ActCancel && a != ActHelp {
			return
		}
	}
	if t.early() {
		return
	}
	t.alive()
	switch a {
	case ActCancel:
		// After the Yes it is too late to promise that nothing is kept: Sending
		// ends by itself within the limit of the store.
		if t.s.Screen.visit() && t.s.Screen != Sending || t.s.Screen == StaffLogin {
			t.attract()
		}
		return
	case ActHelp:
		switch t.s.Screen {
		case Desk, Trouble, Done, Sending, OutOfService, StaffLogin, Staff:
		default:
			t.desk(ReasonHelp)
		}
		return
	}
	switch t.s.Screen {
	case Attract:
		if a == ActStart {
			t.show(Scan)
		}
	case Scan:
		switch a {
		case ActDismiss, ActRetry:
			t.s.Hint, t.s.HintAt, t.s.ExpiredAt = ReasonNone, time.Time{}, time.Time{}
		case ActBack:
			t.attract()
		}
	case Passcode:
		if a == ActBack {
			t.again()
		}
	case Fetching, Wait:
		if a == ActBack && (t.s.Screen == Wait || t.s.Pace == PaceWayOut) {
			t.again()
		}
	case Review:
		switch a {
		case ActContinue, ActYes:
			t.show(Who)
		case ActNotMine, ActNo:
			t.attract()
		case ActBack:
			t.again()
		}
	case Who:
		if a == ActBack {
			t.show(Review)
		}
	case Identity:
		if a == ActBack {
			t.show(Who)
		}
	case Fact:
		switch a {
		case ActBack:
			t.show(Identity)
		case ActContinue: // the second fact may be left open
			t.facts(FactsGiven{})
		}
	case Consent:
		switch a {
		case ActYes:
			t.s.Consented = true
			t.do(Store{t.s.Visit, t.s.Who, t.s.Outcome, t.s.Settings.Language})
			t.show(Sending)
		case ActNo:
			t.attract()
		case ActBack:
			t.s.Outcome = OutcomeNone
			t.show(Identity)
		}
	case Done, Desk:
		if a == ActFinish {
			t.attract()
		}
	case Trouble:
		switch a {
		case ActFinish:
			t.attract()
		case ActRetry:
			if t.s.Retry {
				t.again()
			}
		}
	}
}

// again starts a new visit on the scan screen and keeps the patient's
// settings: nobody wants to choose their language twice.
func (t *turn) again() {
	if t.s.Health != ReasonNone { // there is no scan screen to go on to
		t.attract()
		return
	}
	settings := t.s.Settings
	t.leave()
	t.fresh(settings)
	t.show(Scan)
}

// scanned takes what the camera, the wedge or a paste brought. A code shown to
// the attract screen begins the visit.
func (t *turn) scanned(e Scanned) {
	if t.s.Screen != Scan && t.s.Screen != Attract {
		return // the same code is seen thirty times a second
	}
	t.alive()
	if t.s.Screen == Attract {
		t.show(Scan)
	}
	switch e.Kind {
	case CodeLink:
		t.s.Held |= HeldLink
		t.s.Passworded = e.Passcode
		t.do(Chime{ToneRead})
		if e.Passcode {
			t.s.Wrong, t.s.Left = false, -1
			t.show(Passcode)
			return
		}
		t.fetch(Resolve{Visit: t.s.Visit})
	case CodeCard:
		t.s.Held |= HeldLink
		t.do(Chime{ToneRead})
		t.fetch(Resolve{Visit: t.s.Visit})
	case CodePart:
		t.s.Held |= HeldLink
		if e.Have != t.s.Have || e.Of != t.s.Of {
			t.do(Chime{ToneRead})
		}
		t.s.Have, t.s.Of = e.Have, e.Of
		t.s.Hint, t.s.HintAt, t.s.ExpiredAt = ReasonNone, time.Time{}, time.Time{}
	case CodeOther:
		if t.s.Hint != e.Reason {
			t.do(Chime{ToneNotice})
		}
		t.s.Hint, t.s.HintAt, t.s.ExpiredAt = e.Reason, t.now, e.ExpiredAt
	}
}

func (t *turn) fetch(r Resolve) {
	t.show(Fetching)
	t.do(r)
}

func (t *turn) passcode(e PasscodeGiven) {
	if t.s.Screen != Passcode || t.early() || e.Passcode.Len() == 0 {
		e.Passcode.Wipe()
		return
	}
	t.fetch(Resolve{Visit: t.s.Visit, Passcode: e.Passcode})
}

func (t *turn) fetchFailed(e FetchFailed) {
	if !t.mine(e.Visit) || t.s.Screen != Fetching {
		return
	}
	switch {
	case e.Passcode && e.Left == 0:
		t.desk(ReasonLocked)
	case e.Passcode:
		t.s.Passworded, t.s.Wrong, t.s.Left = true, e.Wrong, max(e.Left, -1)
		t.show(Passcode)
		if e.Wrong {
			t.do(Chime{ToneNotice})
		}
	case e.Wait > 0 && e.Wait <= t.m.o.LongestWait && t.s.Asks < mostWaits:
		t.s.Asks++
		t.s.Until = t.now.Add(e.Wait)
		t.show(Wait)
	case e.Wait > 0:
		t.desk(ReasonLongWait)
	case e.Retry:
		t.trouble(e.Reason, true)
	default:
		t.desk(e.Reason)
	}
}

func (t *turn) facts(e FactsGiven) {
	if t.early() {
		return
	}
	switch t.s.Screen {
	case Identity:
		if e.BirthDate.Empty() {
			return
		}
		t.s.Held |= HeldFacts
		if t.m.o.AskFact {
			t.do(KeepFacts{t.s.Visit, e.BirthDate})
			t.show(Fact)
			return
		}
		t.match(e)
	case Fact:
		t.match(FactsGiven{Second: e.Second})
	}
}

func (t *turn) match(e FactsGiven) {
	t.show(Matching)
	t.do(MatchPerson{t.s.Visit, t.s.Who, e.BirthDate, e.Second})
}

func (t *turn) matched(e MatchDone) {
	if !t.mine(e.Visit) || t.s.Screen != Matching {
		return
	}
	if e.Outcome == OutcomeRefused {
		t.desk(ReasonNotAccepted)
		return
	}
	t.s.Outcome = e.Outcome
	t.show(Consent)
}

func (t *turn) stored(e Stored) {
	if !t.mine(e.Visit) || t.s.Screen != Sending {
		return
	}
	t.wipe() // the moment the ledger's commit returned
	t.s.Receipt = e.Receipt
	t.show(Done)
	t.do(Chime{ToneDone})
}

// tick lets time do its work.
func (t *turn) tick() {
	if limit := t.m.shown(t.s); limit > 0 && t.now.Sub(t.s.Active) >= limit {
		t.attract()
		return
	}
	spent := t.now.Sub(t.s.Entered)
	switch t.s.Screen {
	case Attract, OutOfService:
		// somebody chose a language or a size and went away (U11)
		if t.now.Sub(t.s.Active) >= t.m.stretch(t.s, t.m.o.IdleScan) {
			t.s.Settings = t.m.settings()
		}
	case Scan:
		if t.s.Hint != ReasonNone && t.now.Sub(t.s.HintAt) >= t.m.stretch(t.s, hintFor) {
			t.s.Hint, t.s.HintAt, t.s.ExpiredAt = ReasonNone, time.Time{}, time.Time{}
		}
	case Wait:
		if !t.now.Before(t.s.Until) {
			t.askAgain()
			return
		}
	case Fetching:
		if spent >= t.m.o.FetchLimit {
			t.trouble(ReasonSlowFetch, true)
			return
		}
	case Matching:
		if spent >= t.m.o.MatchLimit {
			t.do(StopFetch{t.s.Visit})
			t.s.Outcome = OutcomeLater
			t.show(Consent)
			return
		}
	case Sending:
		if spent >= t.m.o.StoreLimit {
			t.desk(ReasonSlowStore)
			return
		}
	case StaffLogin, Staff:
		if t.now.Sub(t.s.Active) >= t.m.o.IdleStaff {
			t.attract()
		}
		return
	}
	t.pace(spent)
	t.idle()
}

// askAgain is what follows a wait that the sender asked for. A passcode is
// never sent twice for one press, so a protected link asks for it anew.
func (t *turn) askAgain() {
	if t.s.Passworded {
		t.s.Wrong, t.s.Left = false, -1
		t.show(Passcode)
		return
	}
	t.fetch(Resolve{Visit: t.s.Visit})
}

func (t *turn) pace(spent time.Duration) {
	switch t.s.Screen {
	case Fetching, Matching, Sending:
		switch {
		case spent >= wayOutAfter:
			t.s.Pace = PaceWayOut
		case spent >= calmAfter:
			t.s.Pace = PaceCalm
		}
	}
}

func (t *turn) idle() {
	limit := t.m.idle(t.s)
	if limit == 0 {
		return
	}
	switch {
	case t.s.Warning() && !t.now.Before(t.s.WarnUntil):
		t.attract()
	case !t.s.Warning() && t.now.Sub(t.s.Active) >= limit:
		t.s.WarnUntil = t.now.Add(t.m.stretch(t.s, t.m.o.Warn))
		t.do(Chime{ToneWarn})
	}
}

package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"shlkiosk/sync/fhir"
)

// Policy is what the clinic allows without a person.
type Policy struct {
	CreateNew bool // make a new chart when nobody matches (identity.policy)
	// NoTyped lets an import do without a typed birth date: only where no
	// person stands in front of it (kioskctl import).
	NoTyped bool
}

// Options of an [Importer].
type Options struct {
	Client       *fhir.Client
	Policy       Policy
	Kiosk        string // name of this kiosk: the Device that assembles
	Software     string // program and version, for Provenance
	Organization string // the clinic: custodian in Provenance and Consent
	Site         string

	// Limits of one transaction; 0 means none known. They are learned when the
	// server says so.
	MaxEntries int
	MaxBytes   int
	// Parallel is how many reads go on at once, default 4.
	Parallel int

	Limits fhir.Limits
	Now    func() time.Time
	Logger *slog.Logger // gets codes and counts only
}

// Importer delivers envelopes to one server. It is safe for concurrent use on
// different envelopes.
type Importer struct {
	opt Options

	mu      sync.Mutex
	caps    *fhir.Capabilities
	learned limits
	making  chan struct{} // held by the import that makes the kiosk's Device
}

// limits are what the server has shown to take.
type limits struct {
	entries, bytes int
	async, noAsync bool // background jobs are the way past the size limit, or are not
	singles        bool // transactions do not work
	noTags         bool // _tag is no search parameter here
	noCondition    bool // conditional creates are refused
	device         bool // the kiosk's Device was seen
}

// New makes an Importer. It makes no request.
func New(opt Options) (*Importer, error) {
	if opt.Client == nil {
		return nil, fatal(ReasonOrder, errors.New("no FHIR client"))
	}
	if strings.TrimSpace(opt.Organization) == "" {
		return nil, fatal(ReasonOrder, errors.New("no organization"))
	}
	if opt.Kiosk == "" {
		opt.Kiosk = "kiosk"
	}
	if opt.Software == "" {
		opt.Software = "shlkiosk"
	}
	if opt.Parallel <= 0 {
		opt.Parallel = 4
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	return &Importer{opt: opt, learned: limits{entries: opt.MaxEntries, bytes: opt.MaxBytes}, making: make(chan struct{}, 1)}, nil
}

// capabilities asks once; a server without /metadata is taken to be able.
func (im *Importer) capabilities(ctx context.Context) (fhir.Capabilities, error) {
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.caps != nil {
		return *im.caps, nil
	}
	c, err := im.opt.Client.Capabilities(ctx)
	if err != nil {
		if e := Classify(err); e.Class == Retry || e.Reason == ReasonUnauthorised {
			return c, e
		}
		c = fhir.Capabilities{Transaction: true, Batch: true}
	}
	im.caps = &c
	return c, nil
}

// takes tells whether the server takes new resources of the type, as far as
// it says.
func takes(c fhir.Capabilities, typ string) bool {
	if len(c.Types) == 0 {
		return true
	}
	t, ok := c.Types[typ]
	return ok && (len(t.Interactions) == 0 || slices.Contains(t.Interactions, "create"))
}

// delivery is one run of Deliver.
type delivery struct {
	*Importer
	env     *Envelope
	plan    *plan
	caps    fhir.Capabilities
	save    func(*Envelope) error
	added   []*item
	insured [][]byte // the active Coverages of the chart
	receipt Receipt
	held    bool // of making
}

// Deliver takes an import as far as it can go. It may be called again with the
// same envelope after any end, in another process too, and goes on from the
// journal. save must have stored the envelope durably when it returns nil; it
// is called before each step that cannot be taken back.
//
// The Receipt is meaningful in every case. The error is nil when the import
// was delivered (Receipt.State verified or delivered), else an *Error that
// says whether to retry, park or give up.
func (im *Importer) Deliver(ctx context.Context, env *Envelope, save func(*Envelope) error) (Receipt, error) {
	if env.Journal.Phase == PhaseDone && env.Journal.Receipt != nil {
		return *env.Journal.Receipt, nil
	}
	d := &delivery{Importer: im, env: env, save: save}
	err := d.run(ctx)
	d.report(err)
	if err != nil {
		e := Classify(err)
		im.opt.Logger.InfoContext(ctx, "import stopped", "import", env.ID, "class", e.Class, "reason", e.Reason)
		return d.receipt, e
	}
	env.Journal.Phase = PhaseDone
	r := d.receipt
	env.Journal.Receipt = &r
	if err := d.keep(); err != nil {
		return d.receipt, err
	}
	im.opt.Logger.InfoContext(ctx, "import done", "import", env.ID, "state", r.State,
		"created", r.Count(ResultCreated), "existing", r.Count(ResultExisting))
	return r, nil
}

func (d *delivery) run(ctx context.Context) error {
	j := &d.env.Journal
	defer d.letGo()
	j.Tries++
	if j.Recorded.IsZero() {
		j.Recorded = d.opt.Now().UTC().Truncate(time.Second)
	}
	if err := d.begin(ctx); err != nil {
		return err
	}
	if j.Phase == PhaseSending {
		if err := d.lookForStamped(ctx); err != nil {
			return err
		}
	}
	if err := d.reconcile(ctx); err != nil {
		return err
	}
	d.proposeInsurance()
	if err := d.add(ctx); err != nil {
		return err
	}
	if err := d.send(ctx); err != nil {
		return err
	}
	d.letGo()
	j.Phase = PhaseSent
	if err := d.keep(); err != nil {
		return err
	}
	return d.verify(ctx)
}

// begin reads the record, settles whose chart it is for, and makes the bodies.
// It writes nothing.
func (d *delivery) begin(ctx context.Context) (err error) {
	if d.plan, err = newPlan(d.env, d.opt.Limits); err != nil {
		return err
	}
	if d.caps, err = d.capabilities(ctx); err != nil {
		return err
	}
	for _, it := range d.plan.items {
		if it.verdict == file && !takes(d.caps, it.res.Type()) {
			it.verdict, it.why = refused, WhyServerType
		}
	}
	if err := d.identify(ctx); err != nil {
		return err
	}
	d.recall()
	return d.plan.prepare()
}

// keep saves the journal. An import that cannot be written down does not go on.
func (d *delivery) keep() error {
	if d.save == nil {
		return nil
	}
	if err := d.save(d.env); err != nil {
		return &Error{Class: Retry, Reason: ReasonSave, Err: err}
	}
	return nil
}

// recall puts what the journal knows back on the items.
func (d *delivery) recall() {
	j := &d.env.Journal
	if j.Done == nil {
		j.Done = map[string]Done{}
	}
	if j.Refused == nil {
		j.Refused = map[string]string{}
	}
	for _, it := range d.plan.items {
		if done, ok := j.Done[it.key]; ok {
			it.ref, it.why = done.Reference, done.Why
			if done.Existing {
				it.verdict = existing
			}
		}
		if code, ok := j.Refused[it.key]; ok {
			it.verdict, it.why = refused, WhyServer+":"+code
		}
	}
}

// done notes that an item is on the server.
func (d *delivery) done(it *item, reference string, isThere bool, why string) {
	it.ref = reference
	if isThere {
		it.verdict, it.why = existing, why
	}
	d.env.Journal.Done[it.key] = Done{Reference: reference, Existing: isThere, Why: why}
}

// refuse notes that the server will not have an item.
func (d *delivery) refuse(it *item, code string) {
	if code == "" {
		code = "unspecified"
	}
	it.verdict, it.why = refused, WhyServer+":"+code
	d.env.Journal.Refused[it.key] = code
}

// report fills the receipt with what is known, however the run ended.
func (d *delivery) report(err error) {
	r := &d.receipt
	r.Import = d.env.ID
	r.Resources = []ReceiptResource{}
	if r.Verification.Demographics == "" {
		r.Verification.Demographics = DemographicsNotRead
	}
	if r.Verification.Missing == nil {
		r.Verification.Missing = []string{}
	}
	r.Patient = ReceiptPatient{Reference: d.env.Journal.Chart, Created: d.env.Journal.NewChart && d.env.Journal.Chart != ""}
	m := d.env.Match
	r.Match = ReceiptMatch{Grade: m.Grade, Rule: m.Rule, Candidates: m.Candidates}
	for _, p := range d.env.Proposals {
		if p.State == ProposalOpen {
			r.Proposals++
		}
	}
	if d.plan != nil {
		for _, it := range append(slices.Clone(d.plan.items), d.added...) {
			r.Resources = append(r.Resources, d.line(it))
		}
		r.Notes = append(slices.Clone(d.plan.notes), r.Notes...)
	}
	switch {
	case err == nil && r.Verification.Complete():
		r.State = StateVerified
	case err == nil:
		r.State = StateDelivered
	default:
		e := Classify(err)
		r.State, r.Reason = StateParked, string(e.Reason)
		if e.Class == Fatal {
			r.State = StateFailed
		}
	}
}

// line says what became of one item.
func (d *delivery) line(it *item) ReceiptResource {
	out := ReceiptResource{Type: it.res.Type(), Source: it.source, Reference: it.ref, Why: it.why}
	switch it.verdict {
	case file:
		out.Result, out.Why = ResultCreated, ""
		if it.ref == "" {
			out.Result, out.Why = ResultRefused, WhyNotSent
		}
	case existing:
		out.Result = ResultExisting
		if it.twin != nil {
			out.Reference = it.twin.ref
		}
	case leftOut:
		out.Result = ResultLeftOut
	case contained:
		out.Result, out.Reference = d.hostOf(it)
		if it.stands != nil && out.Reference == it.stands.ref {
			out.Why = WhyRelated
		}
	case refused:
		out.Result = ResultRefused
	}
	return out
}

// hostOf finds the resource that carries a contained person, or stands for
// them.
func (d *delivery) hostOf(it *item) (result, reference string) {
	if it.stands != nil {
		if l := d.line(it.stands); l.Result == ResultCreated || l.Result == ResultExisting {
			return l.Result, l.Reference
		}
	}
	for _, host := range d.plan.items {
		inside := func(e edge) bool {
			return e.target == it && (it.stands == nil || it.stands.why == WhyServerType || !takesRelated(host, e))
		}
		if host.ref == "" || !slices.ContainsFunc(host.edges, inside) {
			continue
		}
		switch host.verdict {
		case file:
			return ResultCreated, host.ref
		case existing:
			result, reference = ResultExisting, host.ref
		}
	}
	if result == "" {
		return ResultRefused, ""
	}
	return result, reference
}

// MarshalEnvelope and UnmarshalEnvelope are the ledger's form of an envelope.
func MarshalEnvelope(env *Envelope) ([]byte, error) {
	env.Version = EnvelopeVersion
	return json.Marshal(env)
}

// UnmarshalEnvelope reads what MarshalEnvelope wrote and refuses newer forms.
func UnmarshalEnvelope(b []byte) (*Envelope, error) {
	var env Envelope
	if err := json.Unmarshal(b, &env); err != nil {
		return nil, fatal(ReasonOrder, errors.New("envelope is no JSON of ours"))
	}
	if env.Version > EnvelopeVersion {
		return nil, fatal(ReasonOrder, fmt.Errorf("envelope version %d is newer than this program", env.Version))
	}
	return &env, nil
}

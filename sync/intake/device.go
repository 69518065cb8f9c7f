package intake

import (
	"context"
	"net/url"

	"shlkiosk/sync/fhir"
)

// theDevice reuses the Device that stands for this kiosk, and sees to it that
// there is one of it: it is searched for first, one import after the other until
// one was seen; and where the server knows
// conditional creates, it is made by one, so that another program of the same
// name cannot make a second one either.
func (d *delivery) theDevice(ctx context.Context, it *item) error {
	if d.known().device { // seen before: there is nothing to wait for
		if found, err := d.findDevice(ctx, it); found || err != nil {
			return err
		}
	}
	select {
	case d.making <- struct{}{}:
		d.held = true
	case <-ctx.Done():
		return ctx.Err()
	}
	found, err := d.findDevice(ctx, it)
	if found || err != nil {
		d.letGo()
		return err
	}
	if t, ok := d.caps.Types["Device"]; ok && t.ConditionalCreate && !d.known().noCondition {
		it.unless = d.deviceQuery()
	}
	return nil
}

// letGo lets the next import look for the Device.
func (d *delivery) letGo() {
	if d.held {
		d.held = false
		<-d.making
	}
}

// deviceName identifies the kiosk in the clinic.
func (d *delivery) deviceName() string { return d.opt.Organization + "/" + d.opt.Kiosk }

func (d *delivery) deviceQuery() url.Values {
	return url.Values{"identifier": {orSafe(SystemKiosk) + "|" + orSafe(d.deviceName())}}
}

// findDevice looks for the Device that an earlier import made.
func (d *delivery) findDevice(ctx context.Context, it *item) (found bool, err error) {
	want := d.deviceName()
	rs, err := d.opt.Client.Search(ctx, "Device", d.deviceQuery(), 20)
	if err != nil && len(rs) == 0 {
		if unsupported(err) {
			return false, nil
		}
		return false, err
	}
	for _, r := range rs {
		for _, id := range r.Get("identifier").Elements() {
			if id.Get("system").String() == SystemKiosk && id.Get("value").String() == want && r.Get("status").String() != "entered-in-error" {
				own := d.entryKey(r) == it.key // of an earlier try
				d.done(it, "Device/"+r.ID(), !own, WhySameID)
				d.learn(func(l *limits) { l.device = true })
				return true, nil
			}
		}
	}
	return false, nil
}

// conditionRefused tells that the server took offence at a conditional create;
// it is not tried again.
func (d *delivery) conditionRefused(it *item) {
	it.unless = nil
	d.learn(func(l *limits) { l.noCondition = true })
}

// isAboutCondition tells whether a refusal of a whole transaction may be
// because of the condition in it (Medplum takes at most eight entries beside
// one), and not because of its size or of an entry that it names.
func isAboutCondition(he *fhir.HTTPError, part []*item, it *item) bool {
	switch he.Status {
	case 400, 404, 405, 412, 422, 501:
	default:
		return false
	}
	i, named := entryOf(he.Outcome)
	return !named || i < len(part) && part[i] == it
}

// isDevice tells the kiosk's own Device, which every import shares: it is not
// taken back with one.
func (p *plan) isDevice(key string) bool { return key == p.addedItem("device", "Device").key }

// conditional returns the one of these that is created only if it is not there.
func conditional(items []*item) *item {
	for _, it := range items {
		if it.unless != nil {
			return it
		}
	}
	return nil
}

// madeOrFound notes the answer to a create: a conditional one may have found
// what was there.
func (d *delivery) madeOrFound(it *item, reference string, existed bool) {
	if it.unless != nil && existed {
		d.done(it, reference, true, WhySameID)
		return
	}
	d.done(it, reference, false, "")
}

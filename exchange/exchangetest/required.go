package exchangetest

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// required reads from a page what a venue must offer, by family. The page has a line
//
//	<!-- required: okx -->
//
// before each table of the venue. The table's head names the families; each row begins with a method,
// and says yes for the families that must have it. All other text is for readers.
func required(page, venue string) (map[string][]string, error) {
	text, err := os.ReadFile(page)
	if err != nil {
		return nil, fmt.Errorf("exchangetest: %w", err)
	}
	all := make(map[string][]string)
	_, rest, found := strings.Cut(string(text), mark(venue))
	for ; found; _, rest, found = strings.Cut(rest, mark(venue)) {
		if err := table(strings.TrimLeft(rest, "\n"), all); err != nil {
			return nil, fmt.Errorf("exchangetest: %s: %s: %w", page, venue, err)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("exchangetest: %s has no table of what %s must offer", page, venue)
	}
	return all, nil
}

func mark(venue string) string { return "<!-- required: " + venue + " -->\n" }

// table adds the rows of the table that text begins with.
func table(text string, all map[string][]string) error {
	var families []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " `")
		}
		switch name, marks := cells[0], cells[1:]; {
		case families == nil:
			families = marks
			for _, f := range families {
				all[f] = slices.Clip(all[f])
			}
		case strings.Trim(name, "-:") == "":
		case len(marks) != len(families):
			return fmt.Errorf("%s: %d cells, want %d", name, len(marks), len(families))
		default:
			for i, f := range families {
				switch marks[i] {
				case "yes":
					all[f] = append(all[f], name)
				case "", "no":
				default:
					return fmt.Errorf("%s: %q is neither yes nor no", name, marks[i])
				}
			}
		}
	}
	if len(families) == 0 {
		return fmt.Errorf("no table follows the mark")
	}
	return nil
}

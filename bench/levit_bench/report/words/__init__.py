"""Words that tables, figures and files share: settings, findings, and text made safe to show."""

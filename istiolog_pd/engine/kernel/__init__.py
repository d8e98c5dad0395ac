"""The compiled kernel: functions over raw bytes and flat arrays. Nothing of Istio's messages is named here."""

"""The commands of `istiolog`, one module each; `istiolog_pd.cli.app` registers them."""

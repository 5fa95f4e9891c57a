"""A run as it goes: read from its folder, so a reload, another tab or the app's end change nothing in it."""

import streamlit as st

from m3core.classifier.logits import is_classifier
from m3core.durations import duration
from m3core.errors import M3Error
from m3core.figures.training import loss_figure, recall_figure, score_figure
from m3core.workspace.run import Run, State, Status
from pages.components import links, resources, state
from pages.components.border import guarded, sentences
from pages.components.figure import show
from pages.components.tables import dataframe
from pages.components.text import literal
from training import process

__all__ = ["COLOURS", "POLL_SECONDS", "active_runs", "live_run"]

POLL_SECONDS = 1.5

COLOURS = {State.FINISHED: "green", State.STOPPED: "orange", State.FAILED: "red"}


def active_runs() -> None:
    """A bar for each run at work, in the sidebar."""
    if not _at_work():
        return

    @st.fragment(run_every=2 * POLL_SECONDS)
    @guarded
    def watch() -> None:
        found = _at_work()
        if not found:
            st.rerun()
        for name, status in found.items():
            st.progress(status.progress, text=literal(f"{name}: {_where(status)}", 120))

    watch()


def _at_work() -> dict[str, Status]:
    found = {}
    for name, folder in state.workspace().run_folders().items():
        try:
            status = Run(folder).status()
        except (M3Error, OSError):
            continue
        if status.state.is_active:
            found[name] = status
    return found


def _where(status: Status) -> str:
    if status.state is State.TRAINING:
        return f"epoch {status.epoch} of {status.epochs}"
    return f"{status.state} {status.message}".strip()


def live_run(name: str) -> None:
    """Everything about one run; it redraws itself while the run is at work, and only then."""
    run = resources.run(name)
    is_active = run.status().state.is_active

    @st.fragment(run_every=POLL_SECONDS if is_active else None)
    @guarded
    def watch() -> None:
        status = run.status()
        if status.state.is_active != is_active:
            st.rerun()  # the clock starts or stops, and other parts of the page learn of it
        _head(run, status)
        _curves(run)

    watch()
    with st.expander("Settings"), sentences():
        st.json(run.config(), expanded=2)
    with st.expander("Log"):
        st.code(run.log() or "The log is empty.", language=None, height=300)


def _head(run: Run, status: Status) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(str(status.state), color=COLOURS.get(status.state, "blue"))
        if status.message:
            st.markdown(literal(status.message, 500))
    if status.state.is_active:
        st.progress(status.progress, text=_progress_text(run, status))
    elif status.epochs:
        st.caption(f"Epoch {status.epoch} of {status.epochs}, step {status.step:,} of {status.steps:,}.")
    with st.container(horizontal=True):
        _buttons(run, status)


def _progress_text(run: Run, status: Status) -> str:
    if status.state is not State.TRAINING:
        return literal(f"{str(status.state).capitalize()} {status.message}".strip(), 200)
    parts = [f"Epoch {status.epoch} of {status.epochs}", f"step {status.step:,} of {status.steps:,}"]
    parts.append(f"{status.sources_per_second:,.0f} sources/s")
    if status.seconds_left is not None:
        parts.append(f"{duration(status.seconds_left)} left of the training")
    return " · ".join(parts)


def _buttons(run: Run, status: Status) -> None:
    if status.state.is_active:
        if st.button("Stop", key="run_stop", icon=":material/stop:"):
            with st.spinner("Stopping; the checkpoint is kept"):
                process.stop(run)
            st.rerun()
    elif status.state is not State.FINISHED:
        if st.button("Resume", key="run_resume", icon=":material/play_arrow:", type="primary"):
            with st.spinner("Starting the run"):
                process.resume(run)
            st.rerun()
    elif is_classifier(run):
        st.page_link(
            links.CLASSIFIER, label="Open the classifier", icon=":material/category:",
            query_params=state.link_parameters(run=run.name),
        )  # fmt: skip
    else:
        st.page_link(
            links.MANIFOLD, label="Open the map", icon=":material/scatter_plot:",
            query_params=state.link_parameters(run=run.name),
        )  # fmt: skip


def _curves(run: Run) -> None:
    epochs, steps = run.metrics("epoch"), run.metrics("step")
    if not steps:
        st.caption("Curves appear with the first step.")
        return
    left, right = st.columns(2)
    with left:
        show(loss_figure(steps, epochs), name="loss", alt="Loss over the steps of the training")
    with right:
        if any(epoch.get("recall") for epoch in epochs):
            show(recall_figure(epochs), name="recall", alt="Retrieval recall over the steps of the training")
        elif any(epoch.get("scores") for epoch in epochs):
            show(score_figure(epochs), name="scores", alt="Accuracies over the steps of the training")
        elif run.config().get("command") == "finetune":
            st.caption("Accuracies appear with the first epoch that is judged on the validation split.")
        else:
            st.caption("Retrieval recall appears with the first epoch that is judged on the validation split.")
    last = next((epoch for epoch in reversed(epochs) if epoch.get("recall")), None)
    if last is not None:
        _recall_table(last)
    memory = steps[-1].get("memory_bytes")
    if memory:
        st.caption(f"Memory of the process {memory / 2**30:.1f} GB; learning rate {steps[-1]['learning_rate']:.2e}.")


def _recall_table(epoch: dict) -> None:
    ks = [key.removeprefix("recall@") for key in next(iter(epoch["recall"].values())) if key.startswith("recall@")]
    rows = [
        {"Pair": pair.replace("__", " – "), "Sources": int(found.get("n", 0))}
        | {
            f"Recall@{k}": f"{found[f'recall@{k}']:.1%} (chance {found[f'chance@{k}']:.1%})"
            for k in ks
            if f"recall@{k}" in found
        }
        for pair, found in epoch["recall"].items()
    ]
    dataframe(rows, alt="Retrieval recall of each pair of modalities")
    st.caption(
        f"Epoch {epoch['epoch']}, validation split. Recall@k: how often a source's own embedding in the other modality "
        "is among the k nearest; mean of both directions, higher is better."
    )

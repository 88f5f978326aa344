"""Executes notebooks by Deno's kernel, one after the other, and prints what each of their cells has shown, as JSON.

Usage: execute.py NOTEBOOK...

A line for each notebook: {"path", "seconds", "error", "cells": [{"source", "outputs"}]}. `error` is null, or the message of
the cell that has thrown; the cells after it are not executed.
"""

import json
import os
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, CellExecutionError
from nbclient.util import ensure_async

# How long a cell may take, and how long its output may take after that, in seconds.
CELL_LIMIT = 60
OUTPUT_LIMIT = 30

# Shows something in both ways in which a cell can: what was shown before it has then arrived.
LAST = """
await Deno.jupyter.broadcast("display_data", { data: { "text/plain": "end" }, metadata: {}, transient: {} });
console.log("end");
"""
LAST_OUTPUTS = 2


class Client(NotebookClient):
    """Takes what the kernel shows for a cell after it has said that the cell is done, as notebooks do. nbclient drops it."""

    def __init__(self, notebook, **options):
        super().__init__(notebook, **options)
        self.cells_by_request = {}
        self.last = None

    async def _async_poll_output_msg(self, parent_msg_id, cell, cell_index):
        self.cells_by_request[parent_msg_id] = (cell, cell_index)
        done = False
        while not done or (cell is self.last and len(cell.outputs) < LAST_OUTPUTS):
            message = await ensure_async(self.kc.iopub_channel.get_msg(timeout=None))
            owner = self.cells_by_request.get(message["parent_header"].get("msg_id"))
            if owner is None:
                continue
            try:
                self.process_message(message, *owner)
            except CellExecutionComplete:
                done = done or owner[0] is cell


def execute(path):
    notebook = nbformat.read(path, as_version=4)
    shown = [cell for cell in notebook.cells if cell.cell_type == "code"]
    last = nbformat.v4.new_code_cell(LAST)
    notebook.cells.append(last)
    began = time.monotonic()
    client = Client(
        notebook,
        timeout=CELL_LIMIT,
        iopub_timeout=OUTPUT_LIMIT,
        raise_on_iopub_timeout=True,
        kernel_name="deno",
        # A notebook sees its own folder, as it does where people open it.
        resources={"metadata": {"path": os.path.dirname(os.path.abspath(path))}},
    )
    client.last = last
    error = None
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            if error is not None and cell is not last:
                continue
            try:
                client.execute_cell(cell, index)
            except CellExecutionError as thrown:
                error = str(thrown)
    cells = [{"source": cell.source, "outputs": cell.outputs} for cell in shown]
    return {"path": path, "seconds": round(time.monotonic() - began, 2), "error": error, "cells": cells}


for path in sys.argv[1:]:
    print(json.dumps(execute(path)), flush=True)

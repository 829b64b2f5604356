;;; explog-backfill-show.el --- A plan as a diff  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What the buffer of `explog-backfill' looks like: the sheets, which are
;; the diffs of one experiment each, and below them what has no place.

;;; Code:

(require 'cl-lib)
(require 'diff-mode)
(require 'explog)
(require 'explog-backfill-sheet)
(require 'explog-review)
(require 'imenu)
(require 'seq)
(require 'subr-x)

(cl-defstruct (explog-backfill-unplaced (:constructor explog-backfill--make-unplaced)
                                        (:copier nil))
  "A commit that has no place."
  reference repository commit message file line)

(defvar-local explog-backfill--unplaced nil
  "How many commits have no place.")

(defvar-local explog-backfill--reason nil
  "Why those have no place that were inserted last.")

(define-derived-mode explog-backfill-show-mode diff-mode "Explog Diff"
  "A plan as a diff."
  :interactive nil
  (setq buffer-read-only t
        buffer-undo-list t
        ;; The keys of `diff-mode' for read-only buffers edit diffs.
        minor-mode-overriding-map-alist
        (seq-remove (lambda (map)
                      (memq (car map) '(buffer-read-only diff-mode-read-only)))
                    minor-mode-overriding-map-alist))
  (setq-local diff-refine nil)          ; a process for each hunk
  (setq-local diff-font-lock-syntax nil) ; would read the logs
  (setq-local diff-update-on-the-fly nil)
  (setq-local imenu-generic-expression '((nil "^@@ [^@\n]+ @@ \\(.+\\)$" 1)))
  (setq-local imenu-create-index-function #'imenu-default-create-index-function)
  (setq-local truncate-lines t)
  (add-hook 'eldoc-documentation-functions #'explog-backfill--eldoc nil t)
  (font-lock-add-keywords nil '((explog-backfill--refine)) 'append))

(defun explog-backfill--eldoc (&rest _)
  "Return what the edit or the commit at point is."
  (pcase (explog-review-item)
    ((and (pred explog-backfill-edit-p) edit)
     (or (explog-backfill-edit-stale edit)
         (explog-backfill-edit-message edit)))
    ((and (pred explog-backfill-unplaced-p) unplaced)
     (explog-backfill-unplaced-message unplaced))))

(defun explog-backfill--refine (limit)
  "Show what differs in the changed lines before LIMIT."
  (while (re-search-forward "^-\\(.*\\)\n\\+\\(.*\\)$" limit t)
    (let ((old (match-beginning 1)) (new (match-beginning 2)))
      (pcase-dolist (`(,from ,to ,new-from ,new-to)
                     (explog-review-pieces (match-string-no-properties 1)
                                           (match-string-no-properties 2)))
        (font-lock-prepend-text-property (+ old from) (+ old to)
                                         'face 'diff-refine-removed)
        (font-lock-prepend-text-property (+ new new-from) (+ new new-to)
                                         'face 'diff-refine-added))))
  nil)

;;;; A whole plan

(defun explog-backfill-show (answer)
  "Fill the buffer with the plan in ANSWER, the server's."
  (pcase-let ((`(,plan ,sheets ,unplaced ,failures) answer)
              (inhibit-read-only t))
    (explog-backfill-forget)
    (erase-buffer)
    (setq explog-backfill-plan plan
          explog-backfill--unplaced unplaced
          explog-backfill--reason nil)
    (explog-backfill--insert-failures failures)
    (goto-char (point-min))
    (explog-backfill--fetch 0 sheets 0 unplaced)))

(defconst explog-backfill--batch 200
  "How many sheets or lines are shown at once, so that nobody waits for that.")

(defun explog-backfill--fetch (sheet sheets line lines)
  "Ask for what is left to show, and show it.
That is from SHEET on of the SHEETS, then from LINE on of the LINES."
  (let ((more explog-backfill--batch))
    (cond ((< sheet sheets)
           (explog-backfill--fetch-some
            "sheets" sheet (format "Showing %d of %d experiments..." sheet sheets)
            #'explog-backfill--append-sheets
            (lambda () (explog-backfill--fetch (+ sheet more) sheets line lines))))
          ((< line lines)
           (explog-backfill--fetch-some
            "unplaced" line (format "Showing %d of %d not placed..." line lines)
            #'explog-backfill--append-unplaced
            (lambda () (explog-backfill--fetch sheet sheets (+ line more) lines))))
          (t (explog-backfill-summarize)))))

(defun explog-backfill--fetch-some (method first what show then)
  "Call METHOD for what comes from FIRST on; SHOW it, and THEN go on.
The header line says WHAT meanwhile."
  (explog-review-ask
   method (list explog-backfill-plan first explog-backfill--batch) what
   (lambda (rows)
     (let ((inhibit-read-only t)
           (gc-cons-threshold (max gc-cons-threshold 50000000)))
       (save-excursion
         (funcall show rows)))
     (explog-backfill--start)
     (funcall then))))

(defun explog-backfill--start ()
  "Go to the first thing in the buffer, unless point is at one."
  (unless (explog-review-item)
    (explog-review-first)
    (dolist (window (get-buffer-window-list nil nil t))
      (set-window-point window (point)))))

(defun explog-backfill--append-sheets (rows)
  "Insert the sheets in ROWS behind those that are there."
  (goto-char (explog-backfill--sheets-end))
  (setq explog-backfill-sheets
        (nconc explog-backfill-sheets (explog-backfill--insert-sheets rows))))

(defun explog-backfill--sheets-end ()
  "Return the end of the last sheet that is there."
  (if explog-backfill-sheets
      (cdr (explog-backfill-region (car (last explog-backfill-sheets))))
    (point-min)))

(defun explog-backfill--insert-sheets (rows)
  "Insert the sheets in ROWS, a vector, and return them."
  (let ((file (when-let ((last (car (last explog-backfill-sheets))))
                (explog-backfill-sheet-file last)))
        sheets)
    (seq-doseq (row rows)
      (unless (equal file (aref row 0))
        (setq file (aref row 0))
        (explog-backfill--insert-file file))
      (push (explog-backfill-insert-sheet row) sheets))
    (nreverse sheets)))

(defun explog-backfill--insert-file (file)
  "Insert the head of the diff of FILE."
  (let ((name (string-replace "\n" "\\n" (abbreviate-file-name file))))
    (insert (propertize (format "--- %s\n+++ %s\n" name name)
                        'explog-backfill-file file))))

(defun explog-backfill--insert-heading (text)
  "Insert TEXT as a heading.
An overlay has the face, as `diff-mode' sees to that of the text."
  (let ((start (point)))
    (insert text "\n")
    (overlay-put (make-overlay start (point)) 'face 'explog-review-heading)))

(defun explog-backfill--insert-failures (failures)
  "Insert what could not be read, FAILURES, a vector of [FILE MESSAGE]."
  (seq-doseq (failure failures)
    (let ((start (point)))
      (insert "! " (string-replace "\n" " " (aref failure 1)) "\n")
      (overlay-put (make-overlay start (point)) 'face 'explog-review-problem))))

;;;; What has no place

(defconst explog-backfill--reasons
  '(("unknown-experiment" . "No log has the experiment")
    ("unknown-step" . "The experiment has no such step")
    ("ambiguous" . "More than one may be meant")
    ("renumbered" . "The hash stands on another step: the list was renumbered")
    ("kept-by-hand" . "Another hash was put there by hand"))
  "Alist of reasons and what is said of them.")

(defun explog-backfill--append-unplaced (rows)
  "Insert ROWS, commits without a place, at the end of the buffer."
  (goto-char (point-max))
  (seq-doseq (row rows)
    (pcase-let ((`[,reason ,reference ,repository ,commit ,message ,file ,line] row))
      (unless (equal reason explog-backfill--reason)
        (setq explog-backfill--reason reason)
        (insert "\n")
        (explog-backfill--insert-heading
         (or (cdr (assoc reason explog-backfill--reasons)) reason)))
      (explog-backfill--insert-commit
       (explog-backfill--make-unplaced
        :reference reference :repository repository :commit commit
        :message message :file file :line line)))))

(defun explog-backfill--insert-commit (unplaced)
  "Insert a line for UNPLACED."
  (let ((file (explog-backfill-unplaced-file unplaced)))
    (insert (propertize
             (format "  %-10s %s %-20s %s\n"
                     (explog-backfill-unplaced-reference unplaced)
                     (substring (explog-backfill-unplaced-commit unplaced) 0 10)
                     (file-name-nondirectory (explog-backfill-unplaced-repository unplaced))
                     (if file
                         (format "%s:%d" (file-name-nondirectory file)
                                 (explog-backfill-unplaced-line unplaced))
                       ""))
             'explog-review-item unplaced
             'mouse-face 'highlight
             'help-echo (explog-backfill-unplaced-message unplaced)))))

;;;; How much there is

(defun explog-backfill-summarize ()
  "Have the header line say how many edits there are."
  (let ((edits (apply #'+ (mapcar (lambda (sheet)
                                    (length (explog-backfill-sheet-edits sheet)))
                                  explog-backfill-sheets))))
    (setq explog-review-summary
          (concat (pcase edits
                    (0 "No hash is missing")
                    (1 "1 edit")
                    (_ (format "%d edits" edits)))
                  (if (zerop explog-backfill--unplaced) ""
                    (format ", %d not placed" explog-backfill--unplaced))
                  (if (zerop edits) ""
                    "  a: apply  k: drop  u: undo  x: all  RET: visit  v: commit")
                  "  g: plan  q: quit"))
    (force-mode-line-update)))

(provide 'explog-backfill-show)
;;; explog-backfill-show.el ends here

;;; explog-backfill.el --- Read and apply the plan for all logs  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-backfill' asks the server for a plan: which hashes belong on
;; which steps, in all logs and all of history.  The plan is shown as a
;; diff.  Edits are dropped or applied one by one or all together.  Below
;; them are the commits without a place, and the reasons.
;;
;; Only edits that were shown are written.  Before the server writes, it
;; plans again, and skips edits that would be others now.

;;; Code:

(require 'cl-lib)
(require 'diff-mode)
(require 'explog-base)
(require 'explog-review)
(require 'explog-server)
(require 'explog-sheet)
(require 'imenu)
(require 'seq)
(require 'subr-x)

;;;; Rows from the server

(cl-defstruct (explog-backfill-unplaced-row (:type vector) (:constructor nil) (:copier nil))
  "A commit whose reference has no place, and why."
  reason reference repository commit message file line)

(cl-defstruct (explog-backfill-failure (:type vector) (:constructor nil) (:copier nil))
  "A log for which no plan could be made, and why."
  file message)

(cl-defstruct (explog-backfill-not-made (:type vector) (:constructor nil) (:copier nil))
  "The number of an edit that was not made, and why."
  number message)

(cl-defstruct (explog-backfill-dropped-row (:type vector) (:constructor nil) (:copier nil))
  "An edit that the user dropped before."
  file line experiment step repository commit message)

(cl-defstruct (explog-backfill-drop-row (:type vector) (:copier nil)
                                        (:constructor explog-backfill--make-drop-row))
  "An edit for the server to drop, or to take back."
  file experiment step commit)

;;;; The buffer

(cl-defstruct (explog-backfill-unplaced (:include explog-sheet-commit)
                                        (:constructor explog-backfill--make-unplaced)
                                        (:copier nil))
  "A commit that has no place; FILE and LINE are of the reason, or nil."
  reference)

(defvar-local explog-backfill--unplaced nil
  "The number of commits without a place.")

(defvar-local explog-backfill--dropped nil
  "The edits that were dropped, now or before.")

(defvar-local explog-backfill--cookies 0
  "The number of cookies that the whole plan leaves wrong.")

(defvar-local explog-backfill--undo nil
  "What was done in this buffer, the last first: (WHAT . EDITS) each.
WHAT is `drop' or `apply'.")

(defvar-local explog-backfill--reason nil
  "The reason of the last commit without a place that was inserted.")

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
  (explog-show-reordering)
  (setq-local diff-refine nil)          ; a process for each hunk
  (setq-local diff-font-lock-syntax nil) ; would read the logs
  (setq-local diff-update-on-the-fly nil)
  (setq-local imenu-generic-expression '((nil "^@@ [^@\n]+ @@ \\(.+\\)$" 1)))
  (setq-local imenu-create-index-function #'imenu-default-create-index-function)
  (setq-local truncate-lines t)
  (add-hook 'eldoc-documentation-functions #'explog-backfill--eldoc nil t)
  (font-lock-add-keywords nil '((explog-backfill--refine)) 'append))

(defun explog-backfill--eldoc (&rest _)
  "Describe the edit or commit at point."
  (when-let ((item (explog-review-item)))
    (or (and (explog-sheet-edit-p item) (explog-sheet-edit-stale item))
        (explog-sheet-commit-message item))))

(defun explog-backfill--refine (limit)
  "Highlight the differences of the changed lines before LIMIT."
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
  "Fill the buffer with the plan in ANSWER, from the server."
  (pcase-let ((`(,plan ,sheets ,unplaced ,failures ,dropped ,cookies) answer)
              (inhibit-read-only t))
    (explog-sheet-forget)
    (erase-buffer)
    (setq explog-sheet-plan plan
          explog-backfill--cookies (or cookies 0)
          explog-backfill--undo nil
          explog-backfill--dropped (mapcar #'explog-backfill--dropped-edit dropped)
          explog-backfill--unplaced unplaced
          explog-backfill--reason nil)
    (explog-backfill--insert-failures failures)
    (goto-char (point-min))
    (explog-backfill--fetch 0 sheets 0 unplaced)))

(defconst explog-backfill--batch 200
  "The number of sheets or lines that are shown at once.
More would be a noticeable delay.")

(defun explog-backfill--fetch (sheet sheets line lines)
  "Request and show the rest of the plan.
That is SHEET and the following ones of SHEETS, then LINE and the
following ones of LINES."
  (let ((more explog-backfill--batch))
    (cond ((< sheet sheets)
           (explog-backfill--fetch-some
            "sheets" sheet (format "Showing %d of %d experiments..." sheet sheets)
            #'explog-sheet-append
            (lambda () (explog-backfill--fetch (+ sheet more) sheets line lines))))
          ((< line lines)
           (explog-backfill--fetch-some
            "unplaced" line (format "Showing %d of %d not placed..." line lines)
            #'explog-backfill--append-unplaced
            (lambda () (explog-backfill--fetch sheet sheets (+ line more) lines))))
          (t (explog-backfill--show-dropped)
             (explog-backfill-summarize)))))

(defun explog-backfill--fetch-some (method first what show then)
  "Call METHOD for rows from FIRST on, pass them to SHOW, then call THEN.
Meanwhile, the header line is WHAT."
  (explog-review-ask
   method (list explog-sheet-plan first explog-backfill--batch) what
   (lambda (rows)
     (let ((inhibit-read-only t)
           (gc-cons-threshold (max gc-cons-threshold 50000000)))
       (save-excursion
         (funcall show rows)))
     (explog-backfill--start)
     (funcall then))))

(defun explog-backfill--start ()
  "Go to the first item in the buffer, unless point is at one."
  (unless (explog-review-item)
    (explog-review-first)
    (dolist (window (get-buffer-window-list nil nil t))
      (set-window-point window (point)))))

(defun explog-backfill--insert-heading (text)
  "Insert TEXT as a heading.
An overlay has the face, because `diff-mode' sets the faces of text."
  (let ((start (point)))
    (insert text "\n")
    (overlay-put (make-overlay start (point)) 'face 'explog-review-heading)))

(defun explog-backfill--insert-failures (failures)
  "Insert FAILURES, a vector of `explog-backfill-failure'."
  (seq-doseq (failure failures)
    (let ((start (point)))
      (insert "! " (string-replace "\n" " " (explog-backfill-failure-message failure)) "\n")
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
    (let ((reason (explog-backfill-unplaced-row-reason row)))
      (unless (equal reason explog-backfill--reason)
        (setq explog-backfill--reason reason)
        (insert "\n")
        (explog-backfill--insert-heading
         (or (cdr (assoc reason explog-backfill--reasons)) reason)))
      (explog-backfill--insert-commit
       (explog-backfill--make-unplaced
        :reference (explog-backfill-unplaced-row-reference row)
        :repository (explog-backfill-unplaced-row-repository row)
        :commit (explog-backfill-unplaced-row-commit row)
        :message (explog-backfill-unplaced-row-message row)
        :file (explog-backfill-unplaced-row-file row)
        :line (explog-backfill-unplaced-row-line row))))))

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
             'help-echo (propertize (explog-backfill-unplaced-message unplaced)
                                    'help-echo-inhibit-substitution t)))))

;;;; How much there is

(defun explog-backfill-count (edits)
  "Return a description of the number of EDITS."
  (if (cdr edits)
      (format "%d edits" (length edits))
    (format "the edit of %s"
            (car (split-string (explog-sheet-edit-message (car edits)))))))

(defun explog-backfill-summarize ()
  "Set the header line to the number of edits."
  (let ((edits (apply #'+ (mapcar (lambda (sheet)
                                    (length (explog-sheet-edits sheet)))
                                  explog-sheets))))
    (setq explog-review-summary
          (concat (pcase edits
                    (0 "No hash is missing")
                    (1 "1 edit")
                    (_ (format "%d edits" edits)))
                  (if (zerop explog-backfill--unplaced) ""
                    (format ", %d not placed" explog-backfill--unplaced))
                  (if explog-backfill--dropped
                      (format ", %d dropped" (length explog-backfill--dropped))
                    "")
                  (pcase explog-backfill--cookies
                    (0 "")
                    (1 ", 1 cookie is wrong (M-x explog-check mends it)")
                    (n (format ", %d cookies are wrong (M-x explog-check mends them)" n)))
                  (if (zerop edits) ""
                    "  a: apply  k: drop  u: undo  x: all  RET: visit  v: commit")
                  "  g: plan  q: quit"))
    (force-mode-line-update)))

;;;; Commands

(defvar explog-backfill-mode-map
  (let ((map (make-sparse-keymap)))
    (set-keymap-parent map special-mode-map)
    (define-key map (kbd "RET") #'explog-backfill-visit)
    (define-key map [mouse-2] #'explog-backfill-visit)
    (define-key map "v" #'explog-backfill-show-commit)
    (define-key map "c" #'explog-backfill-show-commit)
    (define-key map "n" #'explog-review-next)
    (define-key map "p" #'explog-review-previous)
    (define-key map (kbd "TAB") #'explog-review-next)
    (define-key map (kbd "<backtab>") #'explog-review-previous)
    (define-key map "k" #'explog-backfill-drop)
    (define-key map "d" #'explog-backfill-drop)
    (define-key map "u" #'explog-backfill-undrop)
    (define-key map [remap undo] #'explog-backfill-undrop)
    (define-key map "a" #'explog-backfill-apply)
    (define-key map "x" #'explog-backfill-apply-all)
    (define-key map (kbd "C-c C-c") #'explog-backfill-apply-all)
    map)
  "The keys of `explog-backfill-mode'.")

(define-derived-mode explog-backfill-mode explog-backfill-show-mode "Explog Backfill"
  "Major mode for a plan that is read before it is carried out.

Each edit can be dropped or applied by itself; at the head of a hunk
these keys take all edits of the experiment, and at the name of a file
all in that file.

\\{explog-backfill-mode-map}"
  (explog-review-mode-on)
  (setq-local revert-buffer-function #'explog-backfill--plan))

;;;###autoload
(defun explog-backfill ()
  "Show the hashes that all logs should have as a diff.
Nothing is written before you apply an edit."
  (interactive)
  (explog-review-open "*explog backfill*" #'explog-backfill-mode #'explog-backfill--plan))

(defun explog-backfill--plan (&rest _)
  "Request a plan, and show it."
  (explog-review-ask "plan" nil "Planning..." #'explog-backfill-show
                     #'explog-backfill--failed))

(defun explog-backfill--failed (problem)
  "Display PROBLEM; forget the plan, which is of no more use."
  (explog-sheet-forget)
  (explog-review-failed problem))

;;;; Looking

(defun explog-backfill-visit (&optional event)
  "Visit the step of the edit at point, or at EVENT.
For a commit without a place, visit the reason, or else show the commit."
  (interactive (list last-nonmenu-event))
  (when (mouse-event-p event)
    (mouse-set-point event))
  (let ((item (explog-review-item)) (sheet (explog-sheet-here)))
    (cond ((and item (explog-sheet-commit-file item))
           (explog-review-visit (explog-sheet-commit-file item)
                                (explog-sheet-commit-line item)
                                (explog-sheet-commit-experiment item)
                                (explog-sheet-commit-step item)))
          (item (explog-backfill-show-commit))
          (sheet (explog-review-visit (explog-sheet-file sheet)
                                      (explog-sheet-line sheet)
                                      (explog-sheet-experiment sheet)))
          (t (user-error "Nothing here to go to")))))

(defun explog-backfill-show-commit ()
  "Show the commit of the edit or the line at point."
  (interactive)
  (let ((item (or (explog-review-item) (user-error "No commit here"))))
    (explog-review-show-commit (explog-sheet-commit-repository item)
                               (explog-sheet-commit-commit item))))

;;;; Dropping

(defun explog-backfill--chosen ()
  "Return the edits at point, or signal an error if there are none."
  (let ((item (explog-review-item)) (sheet (explog-sheet-here)))
    (or (cond ((memq item explog-backfill--dropped) nil)
              ((explog-sheet-edit-p item) (list item))
              (sheet (explog-sheet-edits sheet))
              (t (mapcan (lambda (sheet)
                           (copy-sequence (explog-sheet-edits sheet)))
                         (explog-sheets-here))))
        (user-error "No edit here"))))

(defun explog-backfill-drop ()
  "Drop the edit at point: neither now nor later is it made.
On an edit that was dropped, bring that back, as \\[explog-backfill-undrop] does at once."
  (interactive)
  (explog-backfill--check-idle)
  (let ((item (explog-review-item)))
    (if (memq item explog-backfill--dropped)
        (explog-backfill--take-back item)
      (explog-backfill--drop (explog-backfill--chosen)))))

(defun explog-backfill--drop (edits)
  "Drop EDITS, and have the server keep that."
  (explog-backfill--keep-dropped edits t)
  (push (cons 'drop edits) explog-backfill--undo)
  (explog-sheet-take-out edits)
  (setq explog-backfill--dropped (append explog-backfill--dropped edits))
  (explog-backfill--show-dropped)
  (explog-backfill-summarize)
  (message "Dropped %s for good; %s" (explog-backfill-count edits)
           (substitute-command-keys "\\[explog-backfill-undrop] brings it back")))

(defun explog-backfill--bring-back (edits)
  "Bring EDITS of this plan back, which were dropped."
  (explog-backfill--keep-dropped edits nil)
  (setq explog-backfill--dropped (seq-difference explog-backfill--dropped edits #'eq))
  (explog-sheet-put-back edits)
  (explog-backfill--show-dropped)
  (explog-backfill-summarize)
  (message "Brought back %s" (explog-backfill-count edits)))

(defun explog-backfill--take-back (edit)
  "Bring back EDIT, which was dropped; plan anew if the plan does not have it."
  (if (explog-sheet-edit-sheet edit)
      (progn
        (setq explog-backfill--undo
              (delq nil (mapcar (pcase-lambda (`(,what . ,edits))
                                  (when-let ((left (remq edit edits)))
                                    (cons what left)))
                                explog-backfill--undo)))
        (explog-backfill--bring-back (list edit)))
    (explog-backfill--keep-dropped (list edit) nil #'explog-backfill--plan)))

(defun explog-backfill--keep-dropped (edits keep &optional then)
  "Have the server KEEP the list EDITS as dropped, or forget them.
Call THEN in this buffer when it has."
  (let ((buffer (current-buffer)))
    (explog-server-call
     "drop" (list (mapcar (lambda (edit)
                            (explog-backfill--make-drop-row
                             :file (explog-sheet-edit-file edit)
                             :experiment (explog-sheet-edit-experiment edit)
                             :step (explog-sheet-edit-step edit)
                             :commit (explog-sheet-edit-commit edit)))
                          edits)
                  keep)
     :success (lambda (_)
                (when (and then (buffer-live-p buffer))
                  (with-current-buffer buffer
                    (funcall then))))
     :error (lambda (problem)
              (message "explog: %s" (plist-get problem :message))))))

(defun explog-backfill-undrop ()
  "Bring back what was dropped last, or take back what was written last."
  (interactive)
  (explog-backfill--check-idle)
  (pcase (or (pop explog-backfill--undo)
             (user-error "Nothing was dropped or written here"))
    (`(drop . ,edits) (explog-backfill--bring-back edits))
    (`(apply . ,edits) (explog-backfill--unapply edits))))

;;;; What was dropped

(defun explog-backfill--dropped-edit (row)
  "Return the edit in ROW, which was dropped before."
  (explog-sheet-make-edit
   :file (explog-backfill-dropped-row-file row)
   :line (explog-backfill-dropped-row-line row)
   :experiment (explog-backfill-dropped-row-experiment row)
   :step (explog-backfill-dropped-row-step row)
   :repository (explog-backfill-dropped-row-repository row)
   :commit (explog-backfill-dropped-row-commit row)
   :message (explog-backfill-dropped-row-message row)))

(defun explog-backfill--show-dropped ()
  "Show at the end of the buffer what was dropped."
  (save-excursion
    (let ((inhibit-read-only t)
          (start (text-property-any (point-min) (point-max) 'explog-backfill-dropped t)))
      (when start
        (remove-overlays start (point-max))
        (delete-region start (point-max)))
      (when explog-backfill--dropped
        (goto-char (point-max))
        (setq start (point))
        (insert "\n")
        (explog-backfill--insert-heading "Dropped (k brings one back)")
        (mapc #'explog-backfill--insert-dropped explog-backfill--dropped)
        (put-text-property start (point) 'explog-backfill-dropped t)))))

(defun explog-backfill--insert-dropped (edit)
  "Insert a line for EDIT, which was dropped."
  (insert (propertize (format "  %s  %s:%d\n"
                              (explog-sheet-edit-message edit)
                              (file-name-nondirectory (explog-sheet-edit-file edit))
                              (explog-sheet-edit-line edit))
                      'explog-review-item edit
                      'mouse-face 'highlight)))

(defun explog-backfill--check-idle ()
  "Signal an error while a request is pending."
  (when explog-review-busy
    (user-error "%s" (car explog-review-busy))))

;;;; Applying

(defun explog-backfill-apply ()
  "Apply the edit at point, or those of the experiment or file there.
Ask before those of a file are applied."
  (interactive)
  (let ((edits (explog-backfill--chosen)))
    (if (or (explog-review-item) (explog-sheet-here))
        (explog-backfill--apply edits)
      (explog-backfill--ask-and-apply edits))))

(defun explog-backfill-apply-all ()
  "Apply all remaining edits."
  (interactive)
  (explog-backfill--ask-and-apply (or (explog-sheet-edits-left)
                                      (user-error "There is nothing to be made"))))

(defun explog-backfill--ask-and-apply (edits)
  "Make EDITS if the user agrees."
  (explog-backfill--check-idle)
  (if (y-or-n-p (format "Make %s? " (explog-backfill-count edits)))
      (explog-backfill--apply edits)
    (message "Nothing was changed")))

(defun explog-backfill--apply (edits)
  "Let the server make EDITS, and show which were made."
  (let ((fresh (seq-remove #'explog-sheet-edit-stale edits)))
    (unless fresh
      (user-error "This is not what would be written now; %s"
                  (substitute-command-keys "\\[revert-buffer] plans anew")))
    (explog-review-ask
     "apply" (list explog-sheet-plan (mapcar #'explog-sheet-edit-number fresh))
     (format "Writing %s..." (explog-backfill-count fresh))
     (lambda (failures) (explog-backfill--applied fresh failures))
     #'explog-backfill--failed)))

(defun explog-backfill--applied (edits failures)
  "Take EDITS out of the buffer, except FAILURES.
That is a vector of `explog-backfill-not-made'."
  (let ((why (make-hash-table)) done left)
    (seq-doseq (failure failures)
      (puthash (explog-backfill-not-made-number failure)
               (explog-backfill-not-made-message failure)
               why))
    (dolist (edit edits)
      (setf (explog-sheet-edit-stale edit)
            (gethash (explog-sheet-edit-number edit) why))
      (push edit (if (explog-sheet-edit-stale edit) left done)))
    (when done
      (push (cons 'apply done) explog-backfill--undo))
    (explog-sheet-take-out done)
    (explog-sheet-mark-stale left)
    (explog-backfill-summarize)
    (explog-backfill--report (length done) (nreverse left))))

(defun explog-backfill--report (done left)
  "Tell that DONE edits were made, and the edits in LEFT were not."
  (message "explog: %s"
           (concat (format "%d %s" done (if (= done 1) "edit made" "edits made"))
                   (when left
                     (format ", %d not: %s" (length left)
                             (explog-sheet-edit-stale (car left)))))))

(defun explog-backfill--unapply (edits)
  "Have the server take out of the logs EDITS, which were made last."
  (explog-review-ask
   "unapply" (list explog-sheet-plan (mapcar #'explog-sheet-edit-number edits))
   (format "Taking back %s..." (explog-backfill-count edits))
   (lambda (failures) (explog-backfill--unapplied edits failures))
   #'explog-backfill--failed))

(defun explog-backfill--unapplied (edits failures)
  "Show EDITS again, except FAILURES, a vector of `explog-backfill-not-made'."
  (let* ((left (mapcar #'explog-backfill-not-made-number failures))
         (back (seq-remove (lambda (edit) (memq (explog-sheet-edit-number edit) left))
                           edits)))
    (explog-sheet-put-back back)
    (explog-backfill-summarize)
    (message "explog: %s%s"
             (if back (format "took back %s" (explog-backfill-count back)) "took back nothing")
             (if left
                 (format ", %d not: %s" (length left)
                         (explog-backfill-not-made-message (seq-first failures)))
               ""))))

;; With evil and meow as well.
(explog-keep-keys 'explog-backfill-mode explog-backfill-mode-map)

(provide 'explog-backfill)
;;; explog-backfill.el ends here

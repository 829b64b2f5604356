;;; explog-message.el --- Write the message of a commit  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Help to refer to the right step in a commit message, in the buffers of
;; magit and vc.  Nothing here delays a commit.
;;
;; `[e' and the text after it is completed to a reference.  Offered are the
;; experiments that are not done, first those in progress with their open
;; steps, and after `[e201.' all steps of 201.  This works with any
;; completion interface, and never waits: what is not known yet is offered
;; after the next key.
;;
;; A reference to an experiment or step that no log has is marked.  So is
;; text that was probably meant as a reference, `[E201]', `[e 201.1]',
;; `[e201,1]' or `(e201.1)', if the experiment exists.  The tooltip says
;; what is wrong.  Nothing is marked before the server knows all logs.
;;
;; \\<explog-message-mode-map>\\[explog-message-insert-last] puts a
;; reference before the subject: first to the step of the last commit, and
;; at each further key to the next likely step.  The data for this is
;; requested when the message buffer is made.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-cache)
(require 'explog-complete)
(require 'explog-fresh)
(require 'explog-log)
(require 'explog-ref)
(require 'explog-server)
(require 'seq)
(require 'subr-x)

(defvar explog-ref-mode)

(defcustom explog-message-in-progress '("INPROGRESS")
  "The TODO keywords of experiments that come first in commit messages.
When a reference is completed, their open steps are offered as well."
  :type '(repeat string)
  :group 'explog)

;;;; Completion: experiments in order

(defvar explog-message-complete--kept nil
  "What was made of the summaries last: (SUMMARIES SORTED BY-ID CAPTURED).")

(defvar explog-message-complete--offered nil
  "The references that are offered for the sorted summaries, or nil.")

(defconst explog-message--most 30
  "Of how many experiments the steps are asked for beforehand, and offered.")

(defun explog-message-complete--kept ()
  "Return (SUMMARIES SORTED BY-ID CAPTURED) for what is known now.
SORTED are those that are not done, BY-ID is a hash table of all.  Both
include what was CAPTURED and is not saved."
  (let ((summaries (explog-cache-experiments))
        (captured (delq nil (mapcar #'explog-fresh-summary explog-log-captured)))
        (gc-cons-threshold (max gc-cons-threshold 50000000)))
    (unless (and explog-message-complete--kept
                 (eq summaries (car explog-message-complete--kept))
                 (equal captured (nth 3 explog-message-complete--kept)))
      (let ((by-id (make-hash-table :test #'equal :size (length summaries))))
        (dolist (summary (reverse (append summaries captured))) ; of those with one id, the first
          (puthash (explog-cache-summary-ident summary) summary by-id))
        (setq explog-message-complete--offered nil
              explog-message-complete--kept
              (list summaries
                    (explog-message-complete--sort
                     (append summaries
                             (seq-filter (lambda (summary)
                                           (eq summary (gethash (explog-cache-summary-ident summary)
                                                                by-id)))
                                         captured)))
                    by-id captured))))
    explog-message-complete--kept))

(defun explog-message-complete-sorted ()
  "Return the summaries of experiments that are not done, the likeliest first.
Those in progress are first, and among them the last touched."
  (nth 1 (explog-message-complete--kept)))

(defun explog-message-complete-in-progress-p (summary)
  "Return non-nil if the experiment of SUMMARY is in progress."
  (member (explog-cache-summary-todo summary) explog-message-in-progress))

(defun explog-message-complete--sort (summaries)
  "Return those of SUMMARIES that are not done, the likeliest first."
  (let ((open (seq-remove (lambda (summary)
                            (or (explog-cache-summary-done summary)
                                (explog-cache-summary-archived summary)))
                          summaries)))
    (mapcar #'cdr
            (sort (mapcar (lambda (summary)
                            (cons (explog-message-complete--weight summary) summary))
                          open)
                  (lambda (one other) (> (car one) (car other)))))))

(defun explog-message-complete--weight (summary)
  "Return a number by which SUMMARY is sorted; greater is more likely."
  (+ (or (explog-cache-summary-touched summary) 0)
     (cond ((explog-message-complete-in-progress-p summary) 1.0e15)
           ((member (explog-cache-summary-ident summary) explog-log-captured) 5.0e14)
           (t 0))))

(defun explog-message-complete-open-steps (id)
  "Return each known open step of experiment ID, a list."
  (seq-remove #'explog-message-complete--ticked-p
              (explog-message-complete--steps id)))

(defun explog-message-complete--steps (id &optional unsaved)
  "Return each known step of experiment ID, a list.
If it was captured just now, or if UNSAVED is non-nil, those in a buffer
that is not saved come before what the server knows."
  (or (and (or unsaved (member id explog-log-captured))
           (explog-cache-steps-of (explog-fresh-experiment id)))
      (explog-cache-steps-of (explog-cache-get id))))

(defun explog-message-complete--ticked-p (step)
  "Return non-nil if the box of STEP is ticked."
  (equal "X" (explog-cache-step-box step)))

;;;; Completion: candidates

(defun explog-message-complete--reference (id &optional step)
  "Return the reference to experiment ID, or to its STEP."
  (format "[%s]" (explog-ref-string id (and step (explog-cache-step-number step)))))

(defun explog-message-complete--offer (summary)
  "Return references for SUMMARY, of an experiment.
If it is one of the likeliest, include one for each of its open steps."
  (let ((id (explog-cache-summary-ident summary)))
    (cons (explog-message-complete--reference id)
          (and (explog-message-complete--likely-p summary)
               (mapcar (lambda (step) (explog-message-complete--reference id step))
                       (explog-message-complete-open-steps id))))))

(defun explog-message-complete--likely-p (summary)
  "Return non-nil if SUMMARY is one of the experiments that are likely meant."
  (memq summary (seq-take (explog-message-complete-sorted) explog-message--most)))

(defun explog-message-complete--open ()
  "Return references to what is not done, the likeliest first."
  (let ((sorted (explog-message-complete-sorted)))
    (or explog-message-complete--offered
        (setq explog-message-complete--offered
              (mapcan #'explog-message-complete--offer sorted)))))

(defun explog-message-complete--candidates (typed)
  "Return the candidates for TYPED, which begins with `[e'."
  (if (string-match "\\`\\[e\\([0-9][0-9A-Za-z_-]*\\)\\." typed)
      (explog-message-complete--of-steps (match-string 1 typed))
    (pcase-let ((`(,summaries ,_ ,by-id) (explog-message-complete--kept))
                (open (explog-message-complete--open)))
      (when (gethash (substring typed 2) by-id)
        (explog-cache-get (substring typed 2))) ; its steps come next
      (if (seq-some (lambda (candidate) (string-prefix-p typed candidate)) open)
          open
        ;; Whoever types the id of one that is done means that one.
        (append open
                (mapcar (lambda (summary)
                          (explog-message-complete--reference (explog-cache-summary-ident summary)))
                        summaries))))))

(defun explog-message-complete--of-steps (id)
  "Return references to each step of experiment ID, the open ones first.
Include those that are not saved yet."
  (let* ((steps (explog-message-complete--steps id 'unsaved))
         (open (seq-remove #'explog-message-complete--ticked-p steps)))
    (mapcar (lambda (step) (explog-message-complete--reference id step))
            (append open (seq-difference steps open)))))

;;;; Completion: annotations and groups

(defun explog-message-complete--annotate (candidate)
  "Return the annotation of CANDIDATE, a reference."
  (pcase-let* ((`(,id . ,number) (explog-ref-parse candidate))
               (step (and number
                          (or (explog-message-complete--step id number)
                              (explog-message-complete--step id number 'unsaved)))))
    (concat "  " (if step
                     (format "%s %s"
                             (if (explog-message-complete--ticked-p step) "[X]" "[ ]")
                             (explog-cache-step-text step))
                   (explog-message-complete--describe id)))))

(defun explog-message-complete--step (id number &optional unsaved)
  "Return step NUMBER of experiment ID, or nil.
UNSAVED is as in `explog-message-complete--steps'."
  (seq-find (lambda (step) (equal number (explog-cache-step-number step)))
            (explog-message-complete--steps id unsaved)))

(defun explog-message-complete--summary (id)
  "Return the summary of experiment ID, or nil."
  (gethash id (nth 2 (explog-message-complete--kept))))

(defun explog-message-complete--describe (id)
  "Return state, title and progress of experiment ID."
  (let* ((summary (explog-message-complete--summary id))
         (steps (if summary (explog-cache-summary-steps summary) 0)))
    (string-join
     (delq nil (and summary
                    (list (explog-cache-summary-todo summary)
                          (explog-cache-summary-title summary)
                          (and (> steps 0)
                               (format "[%d/%d]" (explog-cache-summary-ticked summary)
                                       steps)))))
     " ")))

(defun explog-message-complete--group (candidate)
  "Return the title of the group of CANDIDATE.
An experiment that is offered with its steps is a group of its own."
  (pcase-let* ((`(,id . ,step) (explog-ref-parse candidate))
               (summary (explog-message-complete--summary id)))
    (if (and summary
             (explog-message-complete--steps id)
             (or step (explog-message-complete--likely-p summary)))
        (concat id " " (explog-cache-summary-title summary))
      "Experiments")))

;;;; Completion at point

;;;###autoload
(defun explog-message-complete ()
  "Complete the reference that begins before point.
For `completion-at-point-functions'."
  (when-let ((start (explog-message-complete--start)))
    (let ((typed (buffer-substring-no-properties start (point))))
      ;; A closing bracket may have been inserted in advance.
      (list start (if (eq (char-after) ?\]) (1+ (point)) (point))
            (explog-complete-table
             (lambda (string)
               ;; Styles that look for parts ask for all, and give no string.
               (explog-message-complete--candidates
                (if (string-prefix-p "[e" string) string typed)))
             'explog-reference
             :annotate #'explog-message-complete--annotate
             :group #'explog-message-complete--group)
            :exclusive 'no
            :exit-function #'explog-message-complete--exit
            :company-kind (lambda (_) 'reference)
            :company-prefix-length t))))

(defun explog-message-complete--start ()
  "Return the beginning of the reference that ends at point, or nil."
  (let ((case-fold-search nil))
    (save-excursion
      (when (and (looking-back "\\(?:\\`\\|[^0-9A-Za-z_]\\)\\(\\[e\\(?:[0-9][0-9A-Za-z_.-]*\\)?\\)"
                               (line-beginning-position))
                 (not (explog-message-comment-p)))
        (match-beginning 1)))))

(defun explog-message-complete--exit (candidate _status)
  "Delete a second bracket after CANDIDATE, which was inserted in advance."
  (when (and (string-suffix-p "]" candidate)
             (eq (char-before) ?\])
             (eq (char-after) ?\]))
    (delete-char 1)))

(defface explog-message-wrong '((t :inherit warning :underline (:style wave)))
  "A reference in a commit message that is wrong."
  :group 'explog)

;;;; Wrong references

(defconst explog-message-check--regexp
  (let ((id "\\(?1:[0-9][0-9A-Za-z_-]\\{0,63\\}\\)")
        (step "\\(?2:[0-9]\\{1,6\\}\\(?:[.,][0-9]\\{1,6\\}\\)\\{0,7\\}\\)"))
    (concat "[[({][ \t]*[eE]?[ \t]*" id
            "\\(?:[ \t]*[.,:;][ \t]*" step "?\\.?\\)?[ \t]*[])}]"
            ;; One that is not closed, with something behind it.
            "\\|\\[e" id "\\(?:\\." step "\\)?[ \t,;]"))
  "Matches references, and what may be meant to be one.
The groups are those of `explog-ref-regexp'.")

(defun explog-message-check--meant (text reference)
  "Return non-nil if TEXT, which is not a reference, may be meant as REFERENCE."
  (and (eq 'known (explog-ref-state (car reference) (cdr reference)))
       (or (string-match-p "\\`.[ \t]*[eE]" text)
           ;; With no letter, it has to be a step in brackets.
           (and (cdr reference)
                (string-match-p "\\`\\[[0-9A-Za-z_-]+\\.[0-9.]+]\\'" text)))))

(defun explog-message-check--problem (text reference)
  "Return the problem with TEXT, which is meant as REFERENCE, or nil."
  (pcase-let ((`(,id . ,step) reference)
              (case-fold-search nil))
    (cond ((not (string-match-p (concat "\\`" explog-ref-regexp "\\'") text))
           (and (explog-message-check--meant text reference)
                (format "%s: [%s] may be meant" (string-trim-right text "[ \t,;]+")
                        (explog-ref-string id step))))
          ((not (eq 'unknown (explog-ref-state id step))) nil)
          ((eq 'unknown (explog-cache-get id))
           (format "%s: no log has experiment %s" text id))
          (t (format "%s: %s has no step %s" text id step)))))

(defun explog-message-check--each (beg end function)
  "Call FUNCTION for each possible reference from BEG to END.
Its arguments are the matched text, the meant (ID . STEP), and the
beginning of the match; point is at the end of the match."
  (let ((case-fold-search nil))
    (goto-char beg)
    (while (re-search-forward explog-message-check--regexp end t)
      (let ((start (match-beginning 0))
            (text (match-string-no-properties 0))
            (reference (explog-ref-match)))
        (if (explog-message-comment-p)
            (forward-line)
          (when reference
            (save-excursion
              (funcall function text
                       (cons (car reference)
                             (and (cdr reference) (string-replace "," "." (cdr reference))))
                       start)))
          ;; `(see [e201.1 )' has one inside.
          (goto-char (max (1+ start) (1- (point)))))))))

(defun explog-message-check-problems ()
  "Return descriptions of wrong references in this buffer, a list of strings.
Leave out well-formed references to steps, because the server reports
those after the commit."
  (let (problems)
    (save-excursion
      (save-restriction
        (widen)
        (explog-message-check--each
         (point-min) (point-max)
         (lambda (text reference _start)
           (when-let ((problem (and (not (and (cdr reference)
                                              (string-suffix-p "]" text)
                                              (string-prefix-p "[e" text)
                                              (explog-ref-parse text)))
                                    (explog-message-check--problem text reference))))
             (push problem problems))))))
    (delete-dups (nreverse problems))))

;;;; Marks

(defun explog-message-check-start ()
  "Mark wrong references in this buffer from now on, and check all of it."
  (unless (memq #'explog-message-check--fontify (bound-and-true-p jit-lock-functions))
    (jit-lock-register #'explog-message-check--fontify))
  (jit-lock-refontify))

(defun explog-message-check-stop ()
  "Mark no wrong references in this buffer any more."
  (jit-lock-unregister #'explog-message-check--fontify)
  (save-restriction
    (widen)
    (remove-overlays (point-min) (point-max) 'explog-message-check t)))

(defun explog-message-check--fontify (beg end)
  "Mark wrong references in the lines from BEG to END.
This runs during redisplay, so it uses only what is known already."
  (let* ((inhibit-field-text-motion t)  ; vc's header is a field
         (beg (progn (goto-char beg) (line-beginning-position)))
         (end (progn (goto-char end) (line-end-position))))
    (remove-overlays beg end 'explog-message-check t)
    (explog-message-check--each
     beg end
     (lambda (text reference start)
       (if-let ((problem (explog-message-check--problem text reference)))
           (explog-message-check--mark start (+ start (length (string-trim-right text "[ \t,;]+")))
                                       problem 'explog-message-wrong)
         (explog-message-check--tell text reference start))))))

(defun explog-message-check--tell (text reference start)
  "Describe REFERENCE in a tooltip of TEXT at START.
`explog-ref-mode' does that by itself."
  (unless (bound-and-true-p explog-ref-mode)
    (when-let ((description (and (string-prefix-p "[e" text)
                                 (explog-ref-parse text)
                                 (explog-ref-describe (car reference) (cdr reference)))))
      (explog-message-check--mark start (+ start (length text)) description nil))))

(defun explog-message-check--mark (beg end help face)
  "Put the tooltip HELP, and FACE unless it is nil, on the text from BEG to END."
  (let ((overlay (make-overlay beg end nil t)))
    (overlay-put overlay 'explog-message-check t)
    (overlay-put overlay 'evaporate t)
    ;; A title is no documentation, whatever it has in it.
    (overlay-put overlay 'help-echo (propertize help 'help-echo-inhibit-substitution t))
    (when face
      (overlay-put overlay 'face face)
      (overlay-put overlay 'priority 10)))) ; above the button that it may be

;;;; Recent references

(defvar-local explog-message-last--recent 'unknown
  "The references of the last commits in this repository, newest first.
It is a list of (ID . STEP), or the symbol `unknown' until it has arrived.")

(defun explog-message-last-ask ()
  "Request the data for this buffer in the background."
  (explog-message-last-ask-steps)
  (when-let ((folder (and (explog-server-ready-p) (explog-message-last--folder))))
    (let ((buffer (current-buffer)))
      (explog-server-call
       "recent" (list folder)
       :success (lambda (rows)
                  (when (buffer-live-p buffer)
                    (with-current-buffer buffer
                      (explog-message-last--keep-recent rows))))
       :error #'ignore))))              ; whoever needs it asks again

(defun explog-message-last--folder ()
  "Return the local folder in which the commit is made, or nil."
  (let ((folder (if buffer-file-name
                    (file-name-directory buffer-file-name)
                  default-directory)))
    (and (not (file-remote-p folder))
         (expand-file-name folder))))

(cl-defstruct (explog-message-reference (:type vector) (:constructor nil) (:copier nil))
  "A reference that was committed; STEP is empty if it has none."
  experiment step)

(defun explog-message-last--keep-recent (rows)
  "Keep ROWS, the references of the last commits."
  (setq explog-message-last--recent
        (mapcar (lambda (row)
                  (let ((id (explog-message-reference-experiment row))
                        (step (explog-message-reference-step row)))
                    (explog-cache-get id) ; so that it is there when it is needed
                    (cons id (unless (string-empty-p step) step))))
                rows)))

(defun explog-message-last-ask-steps ()
  "Request the likeliest experiments, so that they are known soon."
  (dolist (summary (seq-take (explog-message-complete-sorted) explog-message--most))
    (explog-cache-get (explog-cache-summary-ident summary))))

;;;; Inserting the last reference

(defvar explog-message-last--patience 1
  "Seconds that a command waits for the references of the last commits.")

(defun explog-message-insert-last (&optional ask)
  "Insert a reference to what was worked on last before the subject.
That is the reference of the newest commit in this repository.  If it is
there already, replace it by the next likely one: the next open step,
then those of earlier commits, then the first open steps of the
experiments in progress.

With a prefix argument ASK, ask for an experiment and step, and insert a
reference to it at point."
  (interactive "*P")
  (if ask
      (insert (format "[e%s]" (explog-read-reference "Refer to experiment: ")))
    (let* ((likely (explog-message-last--likely))
           (start (explog-message-last--subject))
           (here (explog-message-last--leading start))
           (known (member (car here) likely))
           (next (or (cadr known) (car likely))))
      (explog-message-last--put start (and known (cdr here)) next)
      (explog-message-last--say next likely))))

(defun explog-message-last--likely ()
  "Return likely references of a commit made now, the likeliest first.
They are a list of (ID . STEP).  Leave out those that no log has."
  (let* ((recent (explog-message-last--recent))
         (open (mapcar (lambda (summary)
                         (explog-message-last--first-open (explog-cache-summary-ident summary)))
                       (seq-take (seq-take-while #'explog-message-complete-in-progress-p
                                                 (explog-message-complete-sorted))
                                 explog-message--most)))
         (last (car recent)))
    (or (seq-remove (lambda (reference)
                      (memq (explog-cache-get (car reference)) '(unknown other)))
                    (delete-dups
                     (append (and last (cons last (explog-message-last--next (car last))))
                             (cdr recent)
                             open)))
        (user-error "%s" (explog-message-last--nothing)))))

(defun explog-message-last--recent ()
  "Return what was committed last; wait for it, but not long."
  (when (eq explog-message-last--recent 'unknown)
    (when-let ((folder (and (explog-server-ready-p) (explog-message-last--folder))))
      (ignore-error explog-error
        (explog-message-last--keep-recent
         (explog-server-call-sync "recent" (list folder)
                                  :timeout explog-message-last--patience)))))
  (and (listp explog-message-last--recent) explog-message-last--recent))

(defun explog-message-last--next (id)
  "Return a list of the next reference to experiment ID, or nil if it is done."
  (let ((known (explog-cache-get id)))
    (unless (and (vectorp known) (explog-cache-experiment-done known))
      (list (explog-message-last--first-open id)))))

(defun explog-message-last--first-open (id)
  "Return (ID . STEP) of the first open step of experiment ID, as far as known."
  (let ((step (car (explog-message-complete-open-steps id))))
    (cons id (and step (explog-cache-step-number step)))))

(defun explog-message-last--nothing ()
  "Return the reason why there is no likely reference."
  (cond ((explog-server-ready-p)
         "No experiment is in progress, and no commit in this repository has a reference")
        ((explog-server-last-problem)
         "The explog server does not run; see M-x explog-doctor")
        (t "The explog server is not ready yet")))

(defun explog-message-last--subject ()
  "Return the beginning of the subject of the message."
  (save-excursion
    (save-restriction
      (widen)
      (goto-char (point-min))
      (unless (re-search-forward "\\`\\(?:[[:alpha:]-]+:.*\n\\)*?Summary:[ \t]*" nil t)
        (skip-chars-forward " \t\n")
        (when (or (eobp) (explog-message-comment-p))
          (goto-char (point-min))))
      (when (looking-at-p "\\(?:fixup\\|squash\\|amend\\)! ")
        (user-error "This commit goes into another, and has no reference of its own"))
      (point))))

(defun explog-message-last--leading (start)
  "Return (REFERENCE . END) for the reference at START, or nil if there is none."
  (save-excursion
    (save-restriction
      (widen)
      (goto-char start)
      (when (looking-at "\\[e[^] \t\n]*]")
        (let ((end (match-end 0)))
          (when-let ((reference (explog-ref-parse (match-string-no-properties 0))))
            (cons reference end)))))))

(defun explog-message-last--put (start end reference)
  "Insert REFERENCE, (ID . STEP), at START, the beginning of the subject.
END is the end of a reference to be replaced, or nil."
  (let ((text (format "[%s]" (explog-ref-string (car reference) (cdr reference))))
        (there (<= (point) (or end start)))
        after)
    (save-restriction
      (widen)
      (save-excursion
        (goto-char start)
        (when end
          (delete-region start end))
        (insert text)
        (if (eq (char-after) ?\s)
            (forward-char)
          (insert " "))
        (setq after (point)))
      (when there
        (goto-char after)))))

(defun explog-message-last--say (reference likely)
  "Describe REFERENCE in a message, and mention whether LIKELY has others."
  (let ((text (explog-ref-describe (car reference) (cdr reference))))
    (message "%s%s%s"
             (explog-ref-string (car reference) (cdr reference))
             (if text (concat " " text) "")
             (if (cdr likely)
                 (substitute-command-keys
                  " (\\<explog-message-mode-map>\\[explog-message-insert-last] for another)")
               ""))))

;;;; The mode

(defvar explog-message-mode-map
  (let ((map (make-sparse-keymap)))
    ;; C-c with a punctuation sign is what minor modes have; magit, log-edit
    ;; and their kin use C-c C-LETTER and C-c M-LETTER.
    (define-key map (kbd "C-c [") #'explog-message-insert-last)
    (define-key map (kbd "C-M-i")
      '(menu-item "" completion-at-point :filter explog-message--complete-key))
    map)
  "The keys of `explog-message-mode'.
That for completion is one of them only where a reference can be
completed: before Emacs 30, Text mode completes words by it.")

(defun explog-message--complete-key (command)
  "Return COMMAND if a reference can be completed at point."
  (and (explog-message-complete) command))

(define-minor-mode explog-message-mode
  "Minor mode that helps to refer to experiments in commit messages.
`explog-mode' turns it on in the message buffers of magit and vc.

\\{explog-message-mode-map}"
  :lighter nil
  :interactive nil
  (if explog-message-mode
      (explog-message--set-up)
    (explog-message--take-down)))

(defun explog-message--set-up ()
  "Set up `explog-message-mode' in this buffer."
  (add-hook 'completion-at-point-functions #'explog-message-complete nil t)
  (add-hook 'with-editor-pre-finish-hook #'explog-message--finished nil t)
  (add-hook 'log-edit-done-hook #'explog-message--finished nil t)
  (add-hook 'explog-cache-changed-functions #'explog-message--changed)
  (add-hook 'explog-server-ready-hook #'explog-message--ask-all)
  (explog-message-check-start)
  (explog-message-last-ask))

(defun explog-message--take-down ()
  "Undo what `explog-message--set-up' did in this buffer."
  (remove-hook 'completion-at-point-functions #'explog-message-complete t)
  (remove-hook 'with-editor-pre-finish-hook #'explog-message--finished t)
  (remove-hook 'log-edit-done-hook #'explog-message--finished t)
  (kill-local-variable 'explog-message-last--recent)
  (explog-message-check-stop))

(defun explog-message-comment-p ()
  "Return non-nil if the current line is not part of the commit message.
It is a comment, or after the scissors line."
  (when (bound-and-true-p git-commit-mode)
    (save-excursion
      (beginning-of-line)
      (or (and comment-start
               (looking-at-p (regexp-quote (string-trim-right comment-start))))
          (re-search-backward "^.+ -\\{8,\\} >8 -\\{8,\\}$" nil t)))))

;;;; Updates

(defun explog-message--buffers ()
  "Return the buffers in `explog-message-mode'."
  (seq-filter (lambda (buffer) (buffer-local-value 'explog-message-mode buffer))
              (buffer-list)))

(defun explog-message--ask-all ()
  "Request the data for all message buffers, because the server is ready."
  (dolist (buffer (explog-message--buffers))
    (with-current-buffer buffer
      (explog-message-last-ask))))

(defun explog-message--changed (ids)
  "Show what is known of the experiments with IDS now, or of any if t."
  (setq explog-message-complete--offered nil) ; more is known of experiments
  (when-let ((buffers (explog-message--buffers)))
    (unless (consp ids)
      (explog-message-last-ask-steps))
    (dolist (buffer buffers)
      (with-current-buffer buffer
        (when (eq ids t)
          (explog-message-last-ask))
        (explog-message-check-start)))))

;;;; Warnings after the commit

(defvar explog-message--timer nil
  "The timer that warns of wrong references after the commit.")

(defun explog-message--finished ()
  "Warn of wrong references in this message soon.
This is delayed, because magit and vc show messages about the commit."
  (ignore-errors                        ; whatever happens, the commit is made
    (when-let ((problems (explog-message-check-problems)))
      (explog-message--cancel)
      (setq explog-message--timer
            (run-with-timer 1 nil #'explog-message--tell
                            (string-join problems "; "))))))

(defun explog-message--tell (text)
  "Show TEXT."
  (setq explog-message--timer nil)
  (message "explog: %s" text))

(defun explog-message--cancel ()
  "Cancel the warning about a finished message."
  (when explog-message--timer
    (cancel-timer explog-message--timer)
    (setq explog-message--timer nil)))

;;;; On and off

(defconst explog-message--hooks
  '((git-commit . git-commit-mode-hook)
    (log-edit . log-edit-mode-hook))
  "Alist of features and the hooks that their message buffers run.")

(defun explog-message--turn-on ()
  "Turn on `explog-message-mode' if this is a message buffer."
  (when (or (bound-and-true-p git-commit-mode)
            (derived-mode-p 'log-edit-mode))
    ;; An error would leave magit's buffer half set up.
    (with-demoted-errors "explog: %S"
      (explog-message-mode 1))))

(defun explog-message-install ()
  "Turn on `explog-message-mode' in current and future message buffers."
  (dolist (buffer (buffer-list))
    (with-current-buffer buffer
      (explog-message--turn-on)))
  (pcase-dolist (`(,feature . ,hook) explog-message--hooks)
    (when (featurep feature)
      (add-hook hook #'explog-message--turn-on))))

(defun explog-message-uninstall ()
  "Undo what `explog-message-install' did."
  (pcase-dolist (`(,_ . ,hook) explog-message--hooks)
    (when (boundp hook)
      (remove-hook hook #'explog-message--turn-on)))
  (dolist (buffer (explog-message--buffers))
    (with-current-buffer buffer
      (explog-message-mode -1)))
  (explog-message--cancel)
  (remove-hook 'explog-server-ready-hook #'explog-message--ask-all)
  (remove-hook 'explog-cache-changed-functions #'explog-message--changed))

(provide 'explog-message)
;;; explog-message.el ends here
